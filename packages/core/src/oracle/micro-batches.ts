import type { Variables } from './variables.js';

/** Options of `minimizeOver`. */
export interface MinimizeOverOptions {
  /**
   * 'shared' (default): one perturbation, from the mean gradient of all micro-batches, as one large batch would have.
   * 'per-micro-batch': each micro-batch has its own, and the directions are averaged: m-sharpness, the form that
   * data-parallel SAM has. What a rule remembers is the mean of what the micro-batches made of it, which does not depend
   * on their order; eigenvectors, past gradients and masks, which have no mean, are the first one's: averaged Monge, low rank,
   * Eigen-SAM, sparse SAM.
   */
  readonly sharpness?: 'shared' | 'per-micro-batch' | undefined;
  /** Returns the mean loss. Default false. */
  readonly returnCost?: boolean | undefined;
  /** The variables to train. Default every trainable variable. */
  readonly varList?: Variables | undefined;
}
