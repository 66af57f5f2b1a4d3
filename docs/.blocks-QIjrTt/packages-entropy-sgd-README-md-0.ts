import { sgd } from '@tfjs-sam/core';
import { entropySgd } from '@tfjs-sam/entropy-sgd';

const optimizer = entropySgd(sgd({ learningRate: 1, momentum: 0.9, nesterov: true }), { gamma: 1e-4, steps: 20 });

export {};
