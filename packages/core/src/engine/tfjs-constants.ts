import * as tf from '@tensorflow/tfjs-core';

/** Fields in which TensorFlow.js's SGD and momentum hold a number as a tensor for their life, and the number. */
const constants: ReadonlyMap<unknown, Readonly<Record<string, (optimizer: Fields) => number>>> = new Map<
  unknown,
  Readonly<Record<string, (optimizer: Fields) => number>>
>([
  [tf.SGDOptimizer, { c: ({ learningRate }) => -learningRate }],
  [tf.MomentumOptimizer, { c: ({ learningRate }) => -learningRate, m: ({ momentum }) => momentum }],
]);

type Fields = { learningRate: number; momentum: number } & Record<string, unknown>;

/**
 * Frees the tensors that TensorFlow.js's SGD and momentum hold for good, which nobody frees where an optimizer is dropped and
 * not disposed: they are made where an update reads them, in its scope.
 */
export function freeConstants(optimizer: tf.Optimizer): void {
  for (let at: { base?: unknown } | undefined = optimizer as object; at; at = at.base as typeof at) {
    const fields = at as Fields;
    for (const [name, numberOf] of Object.entries(constants.get(at.constructor) ?? {})) {
      const held = Object.getOwnPropertyDescriptor(fields, name)?.value as tf.Tensor | undefined;
      if (held === undefined) continue;
      held.dispose();
      // TensorFlow.js's own makes a tensor of it, and looks at the one before.
      const setLearningRate = (rate: number) => {
        fields.learningRate = rate;
      };
      define(fields, 'setLearningRate', { value: setLearningRate });
      define(fields, name, {
        get: () => tf.scalar(numberOf(fields)),
      });
    }
  }
}

/** Defines a field that who looks through the fields does not see: it shall make no tensors. */
function define(fields: object, name: string, descriptor: PropertyDescriptor): void {
  Object.defineProperty(fields, name, { ...descriptor, configurable: true, enumerable: false });
}
