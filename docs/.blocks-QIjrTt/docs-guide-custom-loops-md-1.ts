import * as tf from '@tensorflow/tfjs';
import type { SharpnessAwareOptimizer } from '@tfjs-sam/core';
declare const optimizer: SharpnessAwareOptimizer;
declare const loss: () => tf.Scalar;

// before: const { value, grads } = tf.variableGrads(loss);
const { value, grads } = optimizer.computeGradients(loss);
optimizer.applyGradients(grads);
tf.dispose([value, grads]);

export {};
