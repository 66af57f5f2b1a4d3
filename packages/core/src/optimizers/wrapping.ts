import type * as tf from '@tensorflow/tfjs-core';
import type { Schedule } from '../declare/schedules/schedule.js';
import type { SlotStore } from '../oracle/slots.js';

/** A gradient, or null where the loss does not reach the variable: the place in the list stays. */
export type MaybeGradient = tf.Tensor | null;

/** An update that has just happened. */
export interface Update {
  /** The variables that it changed, and what they were before. */
  readonly updated: readonly { readonly variable: tf.Variable; readonly before: tf.Tensor }[];
  /** The learning rate that it had. */
  readonly learningRate: number;
  /** Its number, from 0. */
  readonly step: number;
}

/** A wrapper's additions to the optimizer that it wraps. Where one is left out, the call goes through unchanged. */
export interface Wrapping {
  /** Name in configurations. */
  readonly name: string;
  /** Name in messages: the function that made it. */
  readonly owner: string;
  /** The options given, for the configuration. */
  readonly options: () => Readonly<Record<string, unknown>>;
  /** Makes what the base receives in place of the gradients. */
  readonly gradients?: (gradients: readonly MaybeGradient[]) => MaybeGradient[];
  /** Runs before each update. */
  readonly before?: (base: tf.Optimizer, step: number) => void;
  /** Runs after each update, in a tidy. */
  readonly after?: (update: Update) => void;
  /** Takes the place of the base's learning rate. */
  readonly learningRate?: { readonly at: (step: number) => number; readonly set: (rate: Schedule) => void };
  /** Memory, saved and disposed with the optimizer. */
  readonly slots?: SlotStore;
}
