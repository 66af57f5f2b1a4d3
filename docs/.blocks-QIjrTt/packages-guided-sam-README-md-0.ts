import { byObjective, sgd } from '@tfjs-sam/core';
import { agnosticSam } from '@tfjs-sam/guided-sam';
import * as tf from '@tensorflow/tfjs';

declare const loss: () => tf.Scalar;
declare const validationLoss: () => tf.Scalar;
const optimizer = agnosticSam(sgd({ learningRate: 0.05, momentum: 0.9 }), { rho: 0.1 });
optimizer.minimize(byObjective({ ascent: validationLoss, descent: loss }));

export {};
