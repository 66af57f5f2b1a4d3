import type * as tf from '@tensorflow/tfjs';
import type { LossClosure, TwoPartLoss } from '@tfjs-sam/core';
import type { Figure, Metrics } from '../results.js';

/** The parts of the data. */
export type Split = 'train' | 'validation' | 'test';

/** The data of one step. Owns its tensors. */
export interface StepBatch {
  /** The loss at the current weights; may be called any number of times until `dispose`. Its value is a Scalar. */
  readonly loss: LossClosure;
  /** Work before the step, timed with it. @returns Gradients that it evaluated. */
  prepare?(): number;
  dispose(): void;
}

/** A batch for measures, as the network predicts, without augmentation. */
export interface Piece {
  /** Examples. */
  readonly size: number;
  /** The loss, network and loss apart. Tensors are made when they are asked for. */
  readonly parts: TwoPartLoss;
}

/** One training's model and data, from one seed. Owns its tensors. */
export interface Problem {
  /** The trained variables, in a fixed order. */
  readonly variables: tf.Variable[];
  /** All that changes with training, by a name that does not depend on what else is alive: statistics too. */
  readonly state: readonly { readonly name: string; readonly variable: tf.Variable }[];
  /** False where more than `state` would have to be kept: such a training begins anew. Default true. */
  readonly resumable?: boolean;
  /** The model, where there is one: for measures. */
  readonly model?: tf.LayersModel | undefined;
  /** The batches of an epoch, counted from 0: the same for every arm. */
  batches(epoch: number): Iterable<StepBatch>;
  /** Losses over a split without augmentation, in fixed order, for measures; those of single examples for size 1. */
  losses(split: Split, options?: { readonly batchSize?: number; readonly examples?: number }): LossClosure[];
  /** The same in pieces, where there is a network. */
  pieces?(split: Split, options?: { readonly batchSize?: number; readonly examples?: number }): Piece[];
  /**
   * Metrics of a split; empty where there is no such split. A generator, which yields between batches so that the
   * caller can let timers run.
   */
  evaluate(split: Split): Generator<void, Metrics, void>;
  /** Logits and classes of a split, for measures of classifiers. */
  predictions?(split: Split): Generator<void, Predictions, void>;
  /** The first examples of a split, in order, as tensors that the caller disposes: for measures of classifiers. */
  examples?(split: Split, count: number): { readonly xs: tf.Tensor; readonly ys: tf.Tensor };
  /** Figures of the training, after its end. */
  figures?(): Figure[];
  dispose(): void;
}

/** A classifier's answers to a split. */
export interface Predictions {
  /** `[size, classes]`, row-major. */
  readonly logits: Float32Array;
  readonly classes: Int32Array;
  readonly count: number;
}

/** The surroundings of what comes before a training's first step, as long as it may be. */
export interface Preparation {
  /** Lets timers, messages and signals through in time. Called between pieces of work. */
  pause(): Promise<void>;
  /** Where work is kept that no trial of the study is to do again. Default: nowhere. */
  readonly keep?: { readonly folder: string; readonly seconds: number } | undefined;
}

/** A task with its data at hand. */
export interface LoadedTask {
  /** Of the data, or of what stands for it. */
  readonly checksum: string;
  /** One line: model, data, sizes. */
  readonly summary: string;
  /** The number that trials are compared by. */
  readonly metric: string;
  readonly better: 'higher' | 'lower';
  readonly classes?: number | undefined;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
  /** Training examples. */
  readonly examples: number;
  /** True where there is a validation split. */
  readonly validation: boolean;
  /** A new problem; TensorFlow.js must have a backend. */
  problem(seed: number, preparation?: Preparation): Promise<Problem>;
}

/** The product of a task's part. */
export interface Task {
  load(): Promise<LoadedTask>;
}
