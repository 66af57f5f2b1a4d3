import { notEqual, scalar, type TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';
import { identity } from './identity.js';

/**
 * A cast to the type that a tensor has shares its data. TensorFlow.js's own wasm kernel copies it, and casts numbers to
 * booleans by their low byte instead of by whether they are 0.
 */
export function castOfTypes(call: KernelCall): TensorInfo | undefined {
  const { dtype } = attributes<{ dtype: string }>(call);
  const x = input(call, 'x');
  if (x.dtype === dtype) return identity(call);
  if (dtype !== 'bool') return undefined;
  return compose(call, ['x'], ({ x }) => notEqual(x, scalar(0, x.dtype as 'float32')));
}
