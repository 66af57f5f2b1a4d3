import { clipByValue as clipTensor, maximum, minimum, mul, type TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall } from '../kernel.js';
import { compose } from '../tensor-infos.js';

/** Between two bounds; TensorFlow.js's own kernels turn NaN into the lower one. */
function clip(call: KernelCall, low: number, high: number): TensorInfo | undefined {
  if (input(call, 'x').dtype !== 'float32') return undefined;
  return compose(call, ['x'], ({ x }) => minimum(maximum(x, low), high));
}

/** `Relu`. TensorFlow.js's own kernel turns NaN of a negative sign into 0: what ∞ − ∞ and 0·∞ give. */
export function relu(call: KernelCall): TensorInfo | undefined {
  if (input(call, 'x').dtype !== 'float32') return undefined;
  return compose(call, ['x'], ({ x }) => maximum(x, 0));
}

/** `Relu6`. */
export const relu6 = (call: KernelCall): TensorInfo | undefined => clip(call, 0, 6);

/** `ClipByValue`. */
export function clipByValue(call: KernelCall): TensorInfo | undefined {
  const { clipValueMin, clipValueMax } = attributes<{ clipValueMin: number; clipValueMax: number }>(call);
  return clip(call, clipValueMin, clipValueMax);
}

/** `Sign`. TensorFlow.js's own kernel takes small numbers for 0. NaN stays. */
export function sign(call: KernelCall): TensorInfo | undefined {
  if (input(call, 'x').dtype !== 'float32') return undefined;
  // Twice as far as a float reaches: the smallest one lies beyond 1 then.
  return compose(call, ['x'], ({ x }) => clipTensor(mul(mul(x, 3e38), 3e38), -1, 1));
}
