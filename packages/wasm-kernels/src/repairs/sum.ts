import { type TensorInfo, util, zeros } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../kernel.js';

/** Zeros in the shape of a reduction of an empty tensor. */
function zerosOf(call: KernelCall, dtype: TensorInfo['dtype']): TensorInfo | undefined {
  const x = input(call, 'x');
  if (sizeOf(x.shape) > 0) return undefined;
  const { axis, keepDims } = attributes<{ axis: number | number[]; keepDims: boolean }>(call);
  const axes = util.parseAxisParam(axis, x.shape);
  const shape = x.shape.flatMap((length, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [length]));
  return zeros(shape, dtype);
}

// TensorFlow.js's own kernels answer with what the heap held before.

/** The sum over an empty tensor. */
export const emptySum = (call: KernelCall): TensorInfo | undefined => zerosOf(call, input(call, 'x').dtype);

/** The mean over an empty tensor: 0, as on cpu. */
export const emptyMean = (call: KernelCall): TensorInfo | undefined => zerosOf(call, 'float32');
