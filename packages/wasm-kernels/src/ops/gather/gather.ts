import {
  add,
  backend_util,
  engine,
  mul,
  range,
  reshape,
  scalar,
  type Tensor,
  type TensorInfo,
  util,
  zeros,
} from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/**
 * `gather` with dimensions of a batch, as a gather of rows: TensorFlow.js's own kernel reads outside of the indices. And
 * `gather` from an empty tensor, which it answers in a wrong shape.
 */
export function gatherInBatches(call: KernelCall): TensorInfo | undefined {
  const [x, indices] = [input(call, 'x'), input(call, 'indices')];
  const { axis, batchDims } = attributes<{ axis: number; batchDims: number }>(call);
  const empty = sizeOf(x.shape) === 0;
  if ((batchDims === 0 && !empty) || x.dtype === 'string') return undefined;
  const [parsed] = util.parseAxisParam(axis, x.shape) as [number];
  const shapes = backend_util.segment_util.collectGatherOpShapeInfo(
    ...([x, indices] as [Tensor, Tensor]),
    ...([parsed, batchDims] as const),
  );
  const { batchSize, outerSize, dimSize, sliceSize, outputShape } = shapes;
  if (sizeOf(outputShape) === 0) return compose(call, [], () => zeros(outputShape, x.dtype as 'float32'));
  if (empty) return undefined;
  return compose(call, ['x', 'indices'], (tensors) => {
    const starts = mul(range(0, batchSize * outerSize, 1, 'int32'), scalar(dimSize, 'int32'));
    const inner = reshape(tensors.indices, [batchSize, 1, -1]);
    const rows = add(reshape(starts, [batchSize, outerSize, 1]), inner);
    const inputs = { x: reshape(tensors.x, [-1, sliceSize]), indices: reshape(rows, [-1]) };
    return reshape(engine().runKernel('GatherV2', inputs, { axis: 0, batchDims: 0 }) as Tensor, outputShape);
  });
}
