import type { Draws, Objective } from '@tfjs-sam/core';

/** The data that a worker thread is started with. */
export interface WorkerSetup {
  /** Where the model comes from: a module of the user's, or a topology and the name of a loss. */
  readonly model: ModelSource;
  /** The backend of the thread that asks: the same bits need the same kernels. */
  readonly backend: string;
  /** Keeps wasm to plain SIMD, as `prepareBackend({ deterministic })`. */
  readonly deterministic: boolean;
  /** Positions of `Slot`, shared. */
  readonly control: SharedArrayBuffer;
  /** The variables' values, one after the other, shared. */
  readonly weights: SharedArrayBuffer;
  /** The gradient, in the same places, shared. */
  readonly gradient: SharedArrayBuffer;
  /** Elements of each variable: the worker's model must have the same. */
  readonly sizes: readonly number[];
}

/** Where a worker's model comes from. */
export type ModelSource =
  | { readonly module: string }
  | { readonly topology: string; readonly loss: LossName };

/** The losses that a topology can be trained with. */
export const lossNames = [
  'categoricalCrossentropy',
  'binaryCrossentropy',
  'meanSquaredError',
  'meanAbsoluteError',
  'softmaxCrossEntropy',
] as const;
/** A loss by name: TensorFlow.js's, and 'softmaxCrossEntropy' for models that end in logits. */
export type LossName = (typeof lossNames)[number];

/** A tensor on its way to another thread. */
export interface Packed {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool';
  readonly values: Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;
}

/** Things that a loss is told beside weights and batch. */
export interface Manner {
  /** The objective that is evaluated. */
  readonly objective: Objective;
  /** The numbers that it draws, so that they are those of this thread; undefined where each evaluation draws afresh. */
  readonly draws: Draws | undefined;
  /** Factor of the loss: the share of a part in the batch's mean. Default 1. */
  readonly share?: number | undefined;
  /** Weights of the examples, and the factor that makes their sum a mean. Default all alike. */
  readonly examples?: { readonly weights: Float32Array; readonly factor: number } | undefined;
  /** True where the loss alone is asked for, without its gradient. Default false. */
  readonly valueOnly?: boolean | undefined;
}

/** A request: the loss of a batch at the shared weights. */
export interface Task extends Manner {
  /** Inputs and labels; undefined where they are those of the last request. */
  readonly batch: { readonly xs: Packed; readonly ys: Packed } | undefined;
  /** Room for the losses of the examples, shared; undefined where that of the last request is large enough. */
  readonly room: SharedArrayBuffer | undefined;
}

/** Places in the control array. */
export const Slot = {
  asked: 0,
  answered: 1,
  failed: 2,
  /** The number of examples whose losses were told. */
  told: 3,
  count: 4,
} as const;
/** The place of the loss behind the gradient. */
export const lossPlace = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
/** The value of `asked` that ends a worker. */
export const END = -1;
