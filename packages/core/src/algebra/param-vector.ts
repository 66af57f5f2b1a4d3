import type * as tf from '@tensorflow/tfjs-core';

/**
 * A point of the parameter space's tangent: one float32 tensor per trainable variable, in one fixed order.
 *
 * Gradients, perturbations and directions are all ParamVectors; `oracle.variables` gives the order.
 */
export type ParamVector = tf.Tensor[];
