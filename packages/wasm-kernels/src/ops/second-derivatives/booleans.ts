import { engine, type Tensor } from '@tensorflow/tfjs-core';
import type { Patch } from '../../patches.js';
import { predicateGradients } from './gradients.js';

/** `GreaterEqual` has a gradient in TensorFlow.js, too. */
const refused = new Set(
  predicateGradients.map(({ kernelName }) => kernelName).filter((name) => name !== 'GreaterEqual'),
);

/**
 * Refuses the gradient of a comparison or its negation, as TensorFlow.js does. They have a gradient of zero here, which a
 * loss may pass through on its way; a loss that is one itself is a mistake.
 */
export const refusePredicates: Patch = {
  owner: () => Object.getPrototypeOf(engine()) as object,
  method: 'gradients',
  wrap: (original: (f: () => Tensor, ...rest: unknown[]) => unknown) =>
    function (this: unknown, f: () => Tensor, ...rest: unknown[]) {
      const numbers = () => {
        const y = f();
        const made = y?.dtype === 'bool' ? engine().state.activeTape?.at(-1) : undefined;
        if (made?.outputs.some(({ id }) => id === y.id) && refused.has(made.kernelName))
          throw new TypeError(
            `gradients: expected f to return numbers, got the booleans of ${made.kernelName}, which have no gradient`,
          );
        return y;
      };
      return original.call(this, numbers, ...rest);
    },
};
