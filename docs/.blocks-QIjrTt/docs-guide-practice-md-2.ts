import { sgd } from '@tfjs-sam/core';
import { sam } from 'tfjs-sam';

const optimizer = sam(sgd({ learningRate: 0.1, momentum: 0.9 }), {
  rho: 0.05,
  groups: [
    { match: ({ name }) => /batch_normalization|bias/.test(name), rho: 0 }, // the others get the whole radius
    { match: ({ shape }) => shape.length === 4, weightDecay: 5e-4 },
  ],
});

export {};
