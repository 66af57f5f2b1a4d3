import * as tf from '@tensorflow/tfjs-core';

/** A variable and the gradient it gets. */
export interface VariableGradient {
  readonly variable: tf.Variable;
  readonly gradient: tf.Tensor;
}

type NamedGradients = tf.NamedTensorMap | { readonly name: string; readonly tensor: tf.Tensor | null }[];

/**
 * Pairs named gradients with their variables; a variable without gradient is left out, as TensorFlow.js does.
 *
 * @throws RangeError when no variable has the name.
 */
export function pairGradients(owner: string, gradients: NamedGradients): VariableGradient[] {
  const named: [string, tf.Tensor | null | undefined][] = Array.isArray(gradients)
    ? gradients.map(({ name, tensor }) => [name, tensor])
    : Object.entries(gradients);
  const registered = tf.engine().registeredVariables;
  return named.flatMap(([name, gradient]) => {
    // A resting variable may be gone: another model's that the optimizer has trained.
    if (gradient == null) return [];
    const variable = registered[name];
    if (variable === undefined) {
      throw new RangeError(`${owner}: expected gradients keyed by names of variables, got "${name}"`);
    }
    return [{ variable, gradient }];
  });
}
