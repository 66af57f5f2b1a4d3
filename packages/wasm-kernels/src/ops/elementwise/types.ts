import {
  cast,
  engine,
  greaterEqual,
  isFinite as isFiniteTensor,
  less,
  logicalAnd,
  type Tensor,
  type TensorInfo,
  where,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { input, type KernelCall, type TrainingKernel } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';
import { identity } from '../cast/identity.js';

/** Numbers as cpu keeps them in another type: their whole parts, and 0 for what is not finite. */
function keptAs(y: Tensor, dtype: TensorInfo['dtype']): Tensor {
  if (dtype === 'bool') return logicalAnd(greaterEqual(y, 1), less(y, 2));
  return cast(where(isFiniteTensor(y), y, zerosLike(y)), 'int32');
}

/**
 * An operation on one tensor that is computed in float32 for inputs of these types, where TensorFlow.js's own kernel takes
 * their bits for a float's. Booleans have one byte each: there it writes outside its output, too, and a later kernel
 * stops with "memory access out of bounds".
 */
export function inFloats(name: string, types: readonly string[], changesType = false) {
  return (call: KernelCall): TensorInfo | undefined => {
    const { dtype } = input(call, 'x');
    if (!types.includes(dtype)) return undefined;
    return compose(call, ['x'], ({ x }) => {
      const y: Tensor = engine().runKernel(name, { x: cast(x, 'float32') }, call.attrs);
      return changesType ? y : keptAs(y, dtype);
    });
  };
}

/** Of booleans that are their own answer. */
export const sameBooleans = (call: KernelCall): TensorInfo | undefined =>
  input(call, 'x').dtype === 'bool' ? identity(call) : undefined;

const kernels = (names: string[], types: string[], changesType = false): TrainingKernel[] =>
  names.map((name) => ({ name, composed: inFloats(name, types, changesType) }));

const arcs = ['Acos', 'Acosh', 'Asin', 'Asinh', 'Atanh'];

/** Operations on one tensor that are wrong for booleans, some for whole numbers as well. */
export const unary: readonly TrainingKernel[] = [
  { name: 'Neg', composed: sameBooleans },
  ...kernels(['Abs', 'Atan', 'Round', 'Selu', 'Softplus', 'Square', 'Step'], ['bool']),
  ...kernels(['Exp', 'Expm1', 'LeakyRelu'], ['bool'], true),
  ...kernels([...arcs, 'Reciprocal', 'Sinh'], ['int32', 'bool']),
  ...kernels(['IsFinite', 'IsInf', 'IsNan'], ['int32', 'bool'], true),
];
