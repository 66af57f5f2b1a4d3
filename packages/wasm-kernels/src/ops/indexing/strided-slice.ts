import { type GradConfig, reshape, reverse, slice_util, type Tensor, zeros } from '@tensorflow/tfjs-core';
import { fitAxis, spreadAxis } from '../../composed/axes.js';

type Part = 'begin' | 'end' | 'strides';
type Mask = 'beginMask' | 'endMask' | 'ellipsisMask' | 'newAxisMask' | 'shrinkAxisMask';

/** dy at the places that were taken, zeros between them: one axis after the other. */
function spreadOut(
  dy: Tensor,
  shape: number[],
  attrs: Record<Part, number[]> & Record<Mask, number>,
): Tensor {
  const { begin, end, strides, beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask } = attrs;
  const masks = [beginMask, endMask, ellipsisMask, newAxisMask, shrinkAxisMask] as const;
  const info = slice_util.sliceInfo(shape, begin, end, strides, ...masks);
  if (dy.size === 0) return zeros(shape);
  const counts = slice_util.computeOutShape(info.begin, info.end, info.strides);
  return counts.reduce(
    (rest: Tensor, count, axis) => {
      const [first, stride] = [info.begin[axis]!, info.strides[axis]!];
      // Backwards is forwards from the last place that was taken.
      const ordered = stride < 0 ? reverse(rest, axis) : rest;
      const from = stride < 0 ? first + (count - 1) * stride : first;
      return fitAxis(spreadAxis(ordered, axis, Math.abs(stride)), axis, from, shape[axis]!);
    },
    reshape(dy, counts),
  );
}

/** The gradient of a strided slice. */
export const stridedSliceGradient: GradConfig = {
  kernelName: 'StridedSlice',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({
    x: () => spreadOut(dy as Tensor, x!.shape, attrs as unknown as Parameters<typeof spreadOut>[2]),
  }),
};
