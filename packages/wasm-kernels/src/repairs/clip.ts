import {
  add,
  clipByValue as clipTensor,
  mul,
  step,
  sub,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { input, type KernelCall } from '../kernel.js';
import { compose, owned } from '../tensor-infos.js';

/**
 * TensorFlow.js's own kernel, which may turn NaN into a bound, and what f adds to it: `step` keeps NaN. Much faster than
 * `maximum` and `minimum`.
 */
function keepingNaN(call: KernelCall, f: (clipped: Tensor, step: Tensor) => Tensor): TensorInfo | undefined {
  const { inputs, backend, attrs, upstream } = call;
  if (input(call, 'x').dtype !== 'float32' || !upstream) return undefined;
  const clipped = upstream({ inputs, backend, attrs }) as TensorInfo;
  return compose(call, ['x'], ({ x }) => f(owned(clipped, backend), step(x)));
}

/** `Relu`. TensorFlow.js's own kernel turns NaN of a negative sign into 0: what ∞ − ∞ and 0·∞ give. */
export const relu = (call: KernelCall): TensorInfo | undefined => keepingNaN(call, mul);

/** `Relu6` and `ClipByValue`. */
const clip = (call: KernelCall): TensorInfo | undefined =>
  keepingNaN(call, (clipped, signs) => add(clipped, sub(signs, signs)));

export { clip as clipByValue, clip as relu6 };

/** `Sign`. TensorFlow.js's own kernel takes small numbers for 0. NaN stays. */
export function sign(call: KernelCall): TensorInfo | undefined {
  if (input(call, 'x').dtype !== 'float32') return undefined;
  // Twice as far as a float reaches: the smallest one lies beyond 1 then.
  return compose(call, ['x'], ({ x }) => clipTensor(mul(mul(x, 3e38), 3e38), -1, 1));
}
