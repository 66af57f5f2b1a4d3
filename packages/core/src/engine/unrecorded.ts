import * as tf from '@tensorflow/tfjs-core';

/**
 * Runs `f` as if no gradient were being recorded: what it computes is a constant to the gradient around it. Gradients that `f`
 * takes itself are taken as ever.
 *
 * TensorFlow.js records whatever runs within a gradient, gradients included, and differentiates that again: which throws for
 * many operations, and is not meant for adversarial examples or teachers.
 *
 * @returns What `f` returns, in the current scope.
 * @example const loss = () => lossOf(unrecorded(() => attack(lossOf, x, { epsilon: 0.03 })));
 */
export function unrecorded<T>(f: () => T): T {
  const { state } = tf.engine();
  const { activeTape, gradientDepth } = state;
  state.gradientDepth = 0;
  try {
    return f();
  } finally {
    state.activeTape = activeTape;
    state.gradientDepth = gradientDepth;
  }
}
