import { adamw, cosineDecay, mongeMetric, sharpnessAware } from '@tfjs-sam/core';
import { fisherMask, surrogateGap } from 'tfjs-sam';

const optimizer = sharpnessAware(adamw({ learningRate: 1e-3 }), {
  rho: cosineDecay(0.1, 0.02, 5_000),
  metric: mongeMetric(),
  filter: fisherMask({ sparsity: 0.5 }),
  combine: surrogateGap({ alpha: 0.4 }),
});

export {};
