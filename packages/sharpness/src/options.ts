/** Options that functions of this package and the lab's measures share, declared once. */
import { boolean, integer, number, oneOf } from '@tfjs-sam/core';

export const worstCaseOptions = {
  rho: number({
    above: 0,
    default: 0.05,
    doc: "Radius ρ, in the metric's length (for 'infinity' the largest entry)",
  }),
  steps: integer({
    min: 1,
    default: 10,
    doc: "Steps of ascent from each start; 1 is SAM's own perturbation",
  }),
  restarts: integer({
    min: 1,
    default: 1,
    doc: 'Starts: the first from the weights themselves, others from random points of the ball',
  }),
};

export const averageOptions = {
  sigma: number({ above: 0, default: 0.01, doc: 'Standard deviation σ of the noise' }),
  samples: integer({ min: 2, default: 20, doc: 'Pairs of opposite draws' }),
  adaptive: boolean({ default: false, doc: 'Noise in proportion to each weight' }),
};

export const spectrumOptions = {
  count: integer({
    min: 1,
    default: 1,
    doc: 'Eigenvalues of largest absolute value; of fewer weights as many as they are',
  }),
  probes: integer({
    min: 0,
    default: 30,
    doc: 'Probes of the trace and the Frobenius norm; 0 leaves them out',
  }),
  tolerance: number({
    above: 0,
    default: 0.01,
    doc: 'Residual, as a fraction of the largest absolute eigenvalue',
  }),
};

export const attackOptions = {
  norm: oneOf(['infinity', '2'], {
    default: 'infinity',
    doc: "Length of a change: its largest entry ('infinity') or an example's Euclidean length ('2')",
  }),
};

export const restartsOption = {
  restarts: integer({ min: 1, default: 1, doc: 'Attacks on each example; one that misleads counts' }),
};
