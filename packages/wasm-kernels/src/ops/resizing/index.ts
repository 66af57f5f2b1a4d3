import {
  abs,
  add,
  cast,
  engine,
  equal,
  floor,
  type GradConfig,
  greaterEqual,
  lessEqual,
  logicalAnd,
  matMul,
  mul,
  range,
  relu,
  reshape,
  slice,
  sub,
  type Tensor,
  tensor2d,
  transpose,
  unsortedSegmentSum,
} from '@tensorflow/tfjs-core';
import type { Feature } from '../../feature.js';

// Resizing is a product with a matrix of weights from either side, [out, in] for the rows and for the columns; so is its
// gradient, on every backend alike.

type Shape4 = [number, number, number, number];
interface ResizeAttributes {
  readonly alignCorners: boolean;
  readonly halfPixelCenters: boolean;
}

/** The sources of each of `to` places among `from` along an axis, as TensorFlow.js resizes. */
function weights(from: number, to: number, nearest: boolean, attrs: ResizeAttributes): Tensor {
  const { alignCorners, halfPixelCenters } = attrs;
  const aligned = alignCorners && to > 1;
  const scale = (aligned ? from - 1 : from) / (aligned ? to - 1 : to);
  const matrix = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    if (nearest) {
      const place = scale * (halfPixelCenters ? i + 0.5 : i);
      const index = Math.min(from - 1, alignCorners ? Math.round(place) : Math.floor(place));
      matrix[i * from + Math.max(0, index)] = 1;
      continue;
    }
    const place = halfPixelCenters ? scale * (i + 0.5) - 0.5 : scale * i;
    const low = Math.max(0, Math.floor(place));
    const high = Math.min(from - 1, Math.ceil(place));
    const part = place - low;
    matrix[i * from + low]! += 1 - part;
    matrix[i * from + high]! += part;
  }
  return tensor2d(matrix, [to, from]);
}

/** Aᵀ·dy along rows, and so along columns. */
function spreadBack(dy: Tensor, rows: Tensor, columns: Tensor): Tensor {
  const [n, , , channels] = dy.shape as Shape4;
  const along = (x: Tensor, matrix: Tensor): Tensor => {
    const rest = x.shape.slice(1);
    return reshape(matMul(matrix, reshape(x, [x.shape[0]!, -1]), true), [matrix.shape[1]!, ...rest]);
  };
  const tall = along(transpose(dy, [1, 0, 2, 3]), rows);
  const wide = along(transpose(tall, [2, 1, 0, 3]), columns);
  return reshape(transpose(wide, [1, 2, 0, 3]), [n, rows.shape[1]!, columns.shape[1]!, channels]);
}

const resizing = (kernelName: string, nearest: boolean): GradConfig => ({
  kernelName,
  inputsToSave: ['images'],
  gradFunc: (dy, [images], attrs) => ({
    images: () => {
      const [, height, width] = images!.shape as Shape4;
      const [, rows, columns] = (dy as Tensor).shape as Shape4;
      const how = attrs as unknown as ResizeAttributes;
      const sides = [weights(height, rows, nearest, how), weights(width, columns, nearest, how)] as const;
      return spreadBack(dy as Tensor, ...sides);
    },
  }),
});

/** The sources of a crop's places along an axis, [boxes, places, length]; nothing where they lie outside. */
function cropWeights(from: Tensor, to: Tensor, places: number, length: number, nearest: boolean): Tensor {
  const last = length - 1;
  const middle = mul(add(from, to), last / 2);
  const steps = mul(sub(to, from), range(0, places, 1, 'float32'));
  const at = places > 1 ? add(mul(from, last), mul(steps, last / (places - 1))) : middle;
  const inside = cast(logicalAnd(greaterEqual(at, 0), lessEqual(at, last)), 'float32');
  const [read, index] = [reshape(at, [-1, places, 1]), range(0, length, 1, 'float32')];
  const own = nearest
    ? cast(equal(floor(add(read, 0.5)), index), 'float32')
    : relu(sub(1, abs(sub(read, index))));
  return mul(own, reshape(inside, [-1, places, 1]));
}

const cropGradient: GradConfig = {
  kernelName: 'CropAndResize',
  inputsToSave: ['image', 'boxes', 'boxInd'],
  gradFunc: (dy, [image, boxes, boxInd], { method, cropSize }) => ({
    image: () => {
      const [n, height, width, channels] = image!.shape as Shape4;
      const [count, [rows, columns]] = [boxes!.shape[0]!, cropSize as [number, number]];
      const side = (column: number): Tensor => slice(boxes!, [0, column], [count, 1]);
      const nearest = method === 'nearest';
      const high = cropWeights(side(0), side(2), rows, height, nearest);
      const wide = cropWeights(side(1), side(3), columns, width, nearest);
      const tall = matMul(high, reshape(dy as Tensor, [count, rows, columns * channels]), true);
      const turned = transpose(reshape(tall, [count, height, columns, channels]), [0, 2, 1, 3]);
      const full = matMul(wide, reshape(turned, [count, columns, height * channels]), true);
      const parts = transpose(reshape(full, [count, width, height, channels]), [0, 2, 1, 3]);
      return unsortedSegmentSum(parts, boxInd as never, n);
    },
  }),
};

const flipGradient: GradConfig = {
  kernelName: 'FlipLeftRight',
  gradFunc: (dy) => ({ image: () => engine().runKernel('FlipLeftRight', { image: dy as Tensor }) }),
};

/** Resizing, cropping and flipping of images. */
export const resizingFeature: Feature = {
  gradients: [
    resizing('ResizeBilinear', false),
    resizing('ResizeNearestNeighbor', true),
    cropGradient,
    flipGradient,
  ],
  gradientRepairs: [
    {
      op: '`image.resizeBilinear`, `image.resizeNearestNeighbor`',
      wrong: 'ignores `halfPixelCenters`; on cpu throws or mixes up the images of a batch',
    },
    { op: '`image.cropAndResize` (of the image), `image.flipLeftRight`', wrong: 'have no gradient' },
  ],
};
