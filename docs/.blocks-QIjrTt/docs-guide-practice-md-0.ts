import { sgd } from '@tfjs-sam/core';
import { sam } from 'tfjs-sam';

const optimizer = sam(sgd({ learningRate: 0.1 }), { rho: 0.05, randomSeed: 1 });

export {};
