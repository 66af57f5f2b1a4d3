import { cast, less, mul, type TensorInfo, where } from '@tensorflow/tfjs-core';
import { input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** True where slopes repeat along leading axes of x alone, as TensorFlow.js's own kernel takes all. */
function areInnermost(slopes: readonly number[], x: readonly number[]): boolean {
  const own = slopes.slice(slopes.findIndex((length) => length !== 1));
  const last = slopes.every((length) => length === 1) ? [] : own;
  return last.length <= x.length && last.every((length, i) => length === x[x.length - last.length + i]);
}

/** `prelu` with slopes that are broadcast along inner axes, or that are whole numbers. */
export function broadcastPrelu(call: KernelCall): TensorInfo | undefined {
  const [x, alpha] = [input(call, 'x'), input(call, 'alpha')];
  const wide = alpha.shape.length > x.shape.length;
  if (x.dtype !== 'bool' && alpha.dtype === 'float32' && !wide && areInnermost(alpha.shape, x.shape))
    return undefined;
  return compose(call, ['x', 'alpha'], (tensors) => {
    const [x, slopes] = [cast(tensors.x, 'float32'), cast(tensors.alpha, 'float32')];
    return where(less(x, 0), mul(x, slopes), x);
  });
}
