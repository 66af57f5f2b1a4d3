import {
  greaterEqual,
  less,
  logicalAnd,
  reshape,
  scalar,
  scatterND,
  slice,
  type TensorInfo,
  where,
} from '@tensorflow/tfjs-core';
import { attributes, type KernelCall, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** Scatters rows to their segments; rows with an id outside the range go to an extra segment that is cut off. */
export function unsortedSegmentSum(call: KernelCall): TensorInfo {
  const { numSegments } = attributes<{ numSegments: number }>(call);
  return compose(call, ['x', 'segmentIds'], ({ x, segmentIds }) => {
    const rest = x.shape.slice(segmentIds.rank);
    const rows = segmentIds.size;
    const columns = sizeOf(rest);
    const ids = reshape(segmentIds, [rows, 1]);
    const inRange = logicalAnd(greaterEqual(ids, 0), less(ids, numSegments));
    // Of the ids' own type: the wasm backend mixes up the bits of different ones.
    const target = where(inRange, ids, scalar(numSegments, 'int32'));
    const sums = scatterND(target, reshape(x, [rows, columns]), [numSegments + 1, columns]);
    return reshape(slice(sums, [0, 0], [numSegments, columns]), [numSegments, ...rest]);
  });
}
