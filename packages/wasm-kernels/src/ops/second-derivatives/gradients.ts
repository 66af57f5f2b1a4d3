import {
  exp,
  type GradConfig,
  greater,
  minimum,
  mul,
  type NamedAttrMap,
  onesLike,
  pow,
  sigmoid,
  softmax,
  type Tensor,
  tanh,
  where,
  zeros,
} from '@tensorflow/tfjs-core';
import { isNested } from '../../availability.js';
import type { DerivedGradient } from '../../feature.js';

/**
 * TensorFlow.js writes some gradients in the operation's output, which its tape takes for a constant: second derivatives
 * throw, or lack a term. Inside of two gradients the input is kept, too, and the output computed again from it.
 */
const reconnected = (
  kernelName: string,
  input: string,
  recompute: (x: Tensor, attrs: NamedAttrMap) => Tensor,
): DerivedGradient => ({
  kernelName,
  derive: (original) =>
    original && {
      kernelName,
      get inputsToSave() {
        return isNested() ? [input] : [];
      },
      outputsToSave: [true],
      gradFunc: (dy, saved, attrs) =>
        original.gradFunc(dy, saved.length > 1 ? [recompute(saved[0]!, attrs)] : saved, attrs),
    },
});

/** The gradients that are reconnected. */
export const reconnectedGradients: readonly DerivedGradient[] = [
  reconnected('Exp', 'x', exp),
  reconnected('Tanh', 'x', tanh),
  reconnected('Sigmoid', 'x', sigmoid),
  reconnected('Softmax', 'logits', (x, { dim }) => softmax(x, dim as number)),
];

/** Operations that answer yes or no: constant almost everywhere. TensorFlow.js has a gradient for one of them. */
const predicates: Record<string, string[]> = {
  ...{ Equal: ['a', 'b'], NotEqual: ['a', 'b'], Less: ['a', 'b'], LessEqual: ['a', 'b'] },
  ...{ Greater: ['a', 'b'], GreaterEqual: ['a', 'b'] },
  ...{ LogicalAnd: ['a', 'b'], LogicalOr: ['a', 'b'], LogicalNot: ['x'] },
};

/** The gradients of predicates: zero. */
export const predicateGradients: readonly GradConfig[] = Object.entries(predicates).map(
  ([kernelName, inputs]) => ({
    kernelName,
    inputsToSave: inputs,
    gradFunc: (_dy, saved) =>
      Object.fromEntries(inputs.map((input, i) => [input, () => zeros(saved[i]!.shape)])),
  }),
);

/** Inside of two gradients `elu` is differentiated by its input: its own gradient is a kernel that has none. */
const eluGradient: DerivedGradient = {
  kernelName: 'Elu',
  derive: (original) =>
    original && {
      ...original,
      get inputsToSave() {
        return isNested() ? ['x'] : [];
      },
      gradFunc: (dy, saved, attrs) => {
        const [x, y] = saved;
        if (!y) return original.gradFunc(dy, saved, attrs);
        return { x: () => mul(dy as Tensor, where(greater(x!, 0), onesLike(x!), exp(minimum(x!, 0)))) };
      },
    },
};

/** The same for `pow`, whose derivative by the exponent is written in the output: it is computed again. */
const powGradient: DerivedGradient = {
  kernelName: 'Pow',
  derive: (original) =>
    original && {
      ...original,
      get outputsToSave() {
        return [!isNested()];
      },
      gradFunc: (dy, [a, b, y], attrs) => original.gradFunc(dy, [a!, b!, y ?? pow(a!, b!)], attrs),
    },
};

/** Gradients with another formula inside of two gradients. */
export const rewrittenGradients: readonly DerivedGradient[] = [eluGradient, powGradient];
