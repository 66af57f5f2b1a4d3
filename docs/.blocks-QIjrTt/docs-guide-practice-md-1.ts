import { adamw, clipByGlobalNorm, exponentialMovingAverage } from '@tfjs-sam/core';
import { sam } from 'tfjs-sam';

const optimizer = exponentialMovingAverage(
  sam(clipByGlobalNorm(adamw({ learningRate: 1e-3, weightDecay: 0.05 }), 1), { rho: 0.1 }),
  { decay: 0.999 },
);

export {};
