import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** Sums of the rows of each segment, as in the gradient of an embedding. Ids outside the range are skipped. */
export function unsortedSegmentSum(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const { numSegments } = attributes<{ numSegments: number }>(call);
  const [x, ids] = [input(call, 'x'), input(call, 'segmentIds')];
  if (x.dtype !== 'float32' || ids.dtype !== 'int32') return undefined;
  const rest = x.shape.slice(ids.shape.length);
  const out = side.output([numSegments, ...rest]);
  side.run.segmentSum(
    side.address(x),
    side.address(ids),
    sizeOf(ids.shape),
    sizeOf(rest),
    0,
    numSegments,
    side.address(out),
  );
  return out;
}
