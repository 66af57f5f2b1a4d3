import { sgd, type Schedule } from '@tfjs-sam/core';
import { sam } from 'tfjs-sam';

const warmUp: Schedule = (step) => 0.2 * Math.min(1, step / 500);
const optimizer = sam(sgd({ learningRate: 0.1, momentum: 0.9, weightDecay: 5e-4 }), { rho: warmUp });

export {};
