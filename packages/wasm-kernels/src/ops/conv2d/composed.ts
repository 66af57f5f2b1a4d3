import {
  conv2d,
  engine,
  reverse,
  slice,
  type Tensor,
  type Tensor4D,
  type TensorInfo,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import { cut, reached, spread } from '../../composed/images.js';
import {
  type ConvInfo,
  convGeometry,
  otherOutput,
  type Shape4,
  type WindowAttributes,
} from '../../geometry.js';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

type FilterAttributes = WindowAttributes & { filterShape: Shape4 };
type InputAttributes = WindowAttributes & { inputShape: Shape4 };

/** The filter gradient is a convolution of xᵀ with dyᵀ, batch and channels exchanged, dilated by the stride. */
export function conv2dFilterGradient(call: KernelCall): TensorInfo {
  const attrs = attributes<FilterAttributes>(call);
  const info = convGeometry(input(call, 'x').shape, attrs.filterShape, attrs, input(call, 'dy').shape);
  if (info.dataFormat !== 'channelsLast')
    throw new Error('Conv2DBackpropFilter: expected NHWC on the wasm backend, got NCHW');
  return compose(call, ['x', 'dy'], ({ x, dy }) => filterGradientOf(x, dy, attrs.filterShape, info));
}

/** The same of tensors, made of operations that have a gradient themselves. */
export function filterGradientOf(x: Tensor, dy: Tensor, filterShape: Shape4, info: ConvInfo): Tensor4D {
  if (x.size * dy.size === 0) return zeros(filterShape);
  const { top, left } = info.padInfo;
  const { image, pad } = cut(x as Tensor4D, top, left, ...reached(info));
  const images = transpose(image, [3, 1, 2, 0]) as Tensor4D;
  const filter = transpose(dy, [1, 2, 0, 3]) as Tensor4D;
  const strides: [number, number] = [info.dilationHeight, info.dilationWidth];
  const dilations: [number, number] = [info.strideHeight, info.strideWidth];
  return transpose(conv2d(images, filter, strides, pad, 'NHWC', dilations), [1, 2, 0, 3]);
}

/** The input gradient is a convolution of dy, spread by the stride, with the turned and transposed filter. */
export function conv2dInputGradient(call: KernelCall): TensorInfo | undefined {
  const attrs = attributes<InputAttributes>(call);
  const [dyShape, filterShape] = [input(call, 'dy').shape, input(call, 'filter').shape];
  const other = otherOutput(attrs.inputShape, filterShape, attrs, dyShape);
  if (other) return fromCorner(call, other);
  const info = convGeometry(attrs.inputShape, filterShape, attrs, dyShape);
  if (info.dataFormat !== 'channelsLast') return undefined;
  return compose(call, ['dy', 'filter'], ({ dy, filter }) =>
    inputGradientOf(dy, filter, attrs.inputShape, info),
  );
}

/** The same of tensors, made of operations that have a gradient themselves. */
export function inputGradientOf(dy: Tensor, filter: Tensor, inputShape: Shape4, info: ConvInfo): Tensor4D {
  if (dy.size * filter.size === 0) return zeros(inputShape);
  const turned = transpose(reverse(filter, [0, 1]), [0, 1, 3, 2]) as Tensor4D;
  const high = (info.filterHeight - 1) * info.dilationHeight;
  const wide = (info.filterWidth - 1) * info.dilationWidth;
  const { image, pad } = cut(
    spread(dy as Tensor4D, info.strideHeight, info.strideWidth),
    ...([high - info.padInfo.top, wide - info.padInfo.left] as const),
    ...([info.inHeight + high, info.inWidth + wide] as const),
  );
  const dilations: [number, number] = [info.dilationHeight, info.dilationWidth];
  return conv2d(image, turned, 1, pad, 'NHWC', dilations);
}

/** The input gradient of a dy that is larger than the output: of its corner, as cpu has it. A smaller one is refused. */
function fromCorner(call: KernelCall, [height, width]: [number, number]): TensorInfo {
  const [n, rows, columns, channels] = input(call, 'dy').shape as Shape4;
  if (rows < height || columns < width)
    throw new RangeError(
      `conv2dTranspose: expected an input of at least ${height}×${width} for an output of shape ` +
        `[${attributes<InputAttributes>(call).inputShape}], got ${rows}×${columns}`,
    );
  return compose(call, ['dy', 'filter'], ({ dy, filter }) => {
    const corner = slice(dy, [0, 0, 0, 0], [n, height, width, channels]);
    return engine().runKernel('Conv2DBackpropInput', { dy: corner, filter }, call.attrs) as Tensor;
  });
}
