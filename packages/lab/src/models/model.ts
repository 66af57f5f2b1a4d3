import type * as tf from '@tensorflow/tfjs';
import type { Preparation } from '../trial/task.js';

/** The purpose that a model is made for. */
export interface ModelRequest {
  /** Shape of one input. */
  readonly inputShape: readonly number[];
  /** Logits or numbers that it returns per input. */
  readonly outputs: number;
  /** Names the initial weights: equal seeds give equal weights. */
  readonly seed: number;
  /** The surroundings of a long making. */
  readonly preparation?: Preparation | undefined;
}

/** The product of a model's part. */
export interface ModelPart {
  /** One line: `one hidden layer of 128 ReLU units`. */
  readonly summary: string;
  /** Name and options of its own: parts with equal keys make equal models. */
  readonly key: string;
  /** @throws RangeError where it cannot be made for inputs of a shape. */
  requireInput?(shape: readonly number[]): void;
  /** Of saved weights that it starts from, where it does. */
  checksum?(): Promise<string>;
  /** A new model that returns logits `[batch, outputs]`. The caller disposes it. */
  create(request: ModelRequest): tf.LayersModel | Promise<tf.LayersModel>;
}
