import { adamw, cosineDecay, mongeMetric, sharpnessAware } from '@tfjs-sam/core';
import { surrogateGap } from '@tfjs-sam/gsam';
import { fisherMask } from '@tfjs-sam/sparse-sam';

const optimizer = sharpnessAware(adamw({ learningRate: 1e-3 }), {
  rho: cosineDecay(0.1, 0.02, 5_000), // radius, a number or a schedule
  metric: mongeMetric(), //               how the neighbourhood is measured
  filter: fisherMask({ sparsity: 0.5 }), // which coordinates move
  combine: surrogateGap({ alpha: 0.4 }), // what is descended
});

export {};
