import { backend_util, engine, reshape, type Tensor, type TensorInfo, tile } from '@tensorflow/tfjs-core';
import { input, type KernelCall, MOST_AXES, sizeOf, type TrainingKernel } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** x as a vector, broadcast to `shape`: copied along one axis after the other, each the middle one of three. */
function writtenOut(x: Tensor, shape: readonly number[]): Tensor {
  const own = [...Array<number>(shape.length - x.rank).fill(1), ...x.shape];
  let copy: Tensor = x;
  for (const [axis, length] of shape.entries()) {
    if (own[axis] === length) continue;
    copy = tile(reshape(copy, [sizeOf(own.slice(0, axis)), 1, sizeOf(own.slice(axis + 1))]), [1, length, 1]);
    own[axis] = length;
  }
  return reshape(copy, [sizeOf(shape)]);
}

/** An operation on two tensors of many axes: on vectors. TensorFlow.js's own kernel leaves its output unwritten. */
function onVectors(name: string): TrainingKernel {
  const composed = (call: KernelCall): TensorInfo | undefined => {
    const [a, b] = [input(call, 'a'), input(call, 'b')];
    if (Math.max(a.shape.length, b.shape.length) <= MOST_AXES || a.dtype !== 'float32') return undefined;
    const shape = backend_util.assertAndGetBroadcastShape(a.shape, b.shape);
    return compose(call, ['a', 'b'], ({ a, b }) => {
      const vectors = { a: writtenOut(a, shape), b: writtenOut(b, shape) };
      return reshape(engine().runKernel(name, vectors) as Tensor, shape);
    });
  };
  return { name, composed };
}

/** Arithmetic between tensors of any number of axes. */
export const manyAxes: readonly TrainingKernel[] = [
  'Add',
  'Sub',
  'Multiply',
  'RealDiv',
  'SquaredDifference',
].map(onVectors);
