import {
  cast,
  engine,
  gather,
  range,
  reshape,
  slice_util,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

// TensorFlow.js's own kernels move four bytes for each element, which for booleans, of one byte each, ends outside of
// their output, or take all for floats.

/** `reverse` of booleans. */
export function reverseBooleans(call: KernelCall): TensorInfo | undefined {
  if (input(call, 'x').dtype !== 'bool') return undefined;
  return compose(call, ['x'], ({ x }) =>
    cast(engine().runKernel('Reverse', { x: cast(x, 'int32') }, call.attrs) as Tensor, 'bool'),
  );
}

interface SliceAttributes extends Record<Part, number[]>, Record<Mask, number> {}
type Part = 'begin' | 'end' | 'strides';
type Mask = 'beginMask' | 'endMask' | 'ellipsisMask' | 'newAxisMask' | 'shrinkAxisMask';

/** `stridedSlice` of what is no float32, or that drops axes, one axis after the other: TensorFlow.js's own takes wrong elements. */
export function stridedSliceOfTypes(call: KernelCall): TensorInfo | undefined {
  const { shape, dtype } = input(call, 'x');
  const a = attributes<SliceAttributes>(call);
  if ((dtype === 'float32' && !a.shrinkAxisMask) || dtype === 'string' || dtype === 'complex64')
    return undefined;
  const info = slice_util.sliceInfo(
    ...([shape, a.begin, a.end, a.strides] as const),
    ...([a.beginMask, a.endMask, a.ellipsisMask, a.newAxisMask, a.shrinkAxisMask] as const),
  );
  if (info.isIdentity || info.sliceDim0 || info.isSimpleSlice) return undefined;
  return compose(call, ['x'], ({ x }) => {
    const taken = shape.reduce((rest: Tensor, _length, axis) => {
      const [begin, end, stride] = [info.begin[axis]!, info.end[axis]!, info.strides[axis]!];
      return gather(rest, range(begin, end, stride, 'int32'), axis);
    }, x);
    return reshape(taken, info.finalShape);
  });
}
