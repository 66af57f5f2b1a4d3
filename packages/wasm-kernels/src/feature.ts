import type { GradConfig } from '@tensorflow/tfjs-core';
import type { TrainingKernel } from './kernel.js';
import type { Patch } from './patches.js';

/** A gradient that is made from the one that is registered without us. */
export interface DerivedGradient {
  readonly kernelName: string;
  /** Returns `undefined` where nothing can be made of it. */
  readonly derive: (upstream: GradConfig | undefined) => GradConfig | undefined;
}

/** Gradients of several kernels. */
export type GradientList = readonly (GradConfig | DerivedGradient)[];

/** A wrong answer of TensorFlow.js that a feature puts right: a row of the README's tables. */
export interface Repair {
  /** The operations, as the README names them. */
  readonly op: string;
  /** The fault. */
  readonly wrong: string;
  /** The answer here, where that is not plain. */
  readonly fix?: string;
}

/** One operation or family of operations: all that the package changes for it. */
export interface Feature {
  /** Kernels of the wasm backend. Parts of one kernel, from several features, are tried in turn. */
  readonly kernels?: readonly TrainingKernel[];
  /** Gradients, registered for every backend: each must be right on those that lack our kernels, too. */
  readonly gradients?: GradientList;
  /** Methods of the Layers API and of optimizers that use the kernels. */
  readonly layers?: readonly Patch[];
  /** Repairs on the wasm backend. */
  readonly repairs?: readonly Repair[];
  /** Repairs on every backend: gradients. */
  readonly gradientRepairs?: readonly Repair[];
}
