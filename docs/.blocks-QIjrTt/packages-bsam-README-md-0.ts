import { cosineDecay } from '@tfjs-sam/core';
import { bsam } from '@tfjs-sam/bsam';

model.compile({
  optimizer: bsam({ learningRate: cosineDecay(0.5, 0, 5_000), numData: 50_000, rho: 0.01 }),
  loss: 'categoricalCrossentropy',
});

export {};
