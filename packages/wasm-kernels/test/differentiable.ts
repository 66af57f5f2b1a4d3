import * as tf from '@tensorflow/tfjs';

type T = tf.Tensor;
/** An operation on tensors of the given shapes, whose elements lie in `range`, apart from one another. */
export interface Differentiable {
  readonly name: string;
  readonly shapes: readonly number[][];
  readonly range: readonly [number, number];
  readonly f: (...x: T[]) => T;
}

const list: Differentiable[] = [];
/** Numbers of both signs that keep off 0. */
const anywhere = [-1.5, 1.5] as const;

function on(
  shapes: number[][],
  range: readonly [number, number],
  fs: Record<string, (...x: never[]) => T>,
): void {
  for (const [name, f] of Object.entries(fs)) list.push({ name, shapes, range, f: f as (...x: T[]) => T });
}

const unary: Record<string, (x: T) => T> = {
  ...{ abs: tf.abs, atan: tf.atan, asinh: tf.asinh, cos: tf.cos, cosh: tf.cosh, elu: tf.elu, erf: tf.erf },
  ...{ exp: tf.exp, expm1: tf.expm1, leakyRelu: tf.leakyRelu, logSigmoid: tf.logSigmoid, neg: tf.neg },
  ...{ reciprocal: tf.reciprocal, relu: tf.relu, relu6: tf.relu6, selu: tf.selu, sigmoid: tf.sigmoid },
  ...{ sin: tf.sin, sinh: tf.sinh, softplus: tf.softplus, square: tf.square, tan: tf.tan, tanh: tf.tanh },
  ...{ softmax: tf.softmax, logSoftmax: tf.logSoftmax },
  ...{ clone: tf.clone, sign: tf.sign, floor: tf.floor, step: (x) => tf.step(x) },
  clipByValue: (x) => tf.clipByValue(x, -0.7, 0.7),
  cast: (x) => tf.cast(x, 'float32'),
  hardSigmoid: (x) => tf.clipByValue(tf.add(tf.mul(x, 0.2), 0.5), 0, 1),
};
on([[3, 4]], anywhere, unary);
on([[3, 4]], [0.2, 1.8], { sqrt: tf.sqrt, rsqrt: tf.rsqrt, log: tf.log, log1p: tf.log1p } as never);
on([[3, 4]], [-0.8, 0.8], { asin: tf.asin, acos: tf.acos, atanh: tf.atanh } as never);
on([[3, 4]], [1.2, 3], { acosh: tf.acosh } as never);
on([[3, 4], [4]], anywhere, {
  ...{ add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div, maximum: tf.maximum, minimum: tf.minimum },
  ...{ squaredDifference: tf.squaredDifference, atan2: tf.atan2, prelu: (x: T, a: T) => tf.prelu(x, a) },
} as never);
on(
  [
    [3, 4],
    [3, 4],
  ],
  [0.3, 2],
  { pow: tf.pow, mod: tf.mod } as never,
);
on(
  [
    [3, 4],
    [3, 4],
    [3, 4],
  ],
  anywhere,
  { addN: (...x: T[]) => tf.addN(x) } as never,
);
on([[2, 3, 4]], anywhere, {
  ...{ sum: (x: T) => tf.sum(x, 1), mean: (x: T) => tf.mean(x, [0, 2]), max: (x: T) => tf.max(x, 1) },
  ...{ min: (x: T) => tf.min(x, 2), prod: (x: T) => tf.prod(x, 1), norm: (x: T) => tf.norm(x) },
  ...{ logSumExp: (x: T) => tf.logSumExp(x, 1), moments: (x: T) => tf.moments(x, 1).variance },
  ...{ euclideanNorm: (x: T) => tf.euclideanNorm(x, 1) },
  ...{ 'cumsum, last axis': (x: T) => tf.cumsum(x, 2), 'cumsum, first axis': (x: T) => tf.cumsum(x, 0) },
  ...{ 'cumsum, exclusive, reverse': (x: T) => tf.cumsum(x, 1, true, true) },
  ...{
    cumprod: (x: T) => tf.cumprod(x, 1),
    'cumprod, exclusive, reverse': (x: T) => tf.cumprod(x, 2, true, true),
  },
  ...{ transpose: (x: T) => tf.transpose(x, [2, 0, 1]), reshape: (x: T) => tf.reshape(x, [6, 4]) },
  ...{ expandDims: (x: T) => tf.expandDims(x, 1), reverse: (x: T) => tf.reverse(x, [0, 2]) },
  ...{
    slice: (x: T) => tf.slice(x, [0, 1, 1], [2, 2, 2]),
    stridedSlice: (x: T) => tf.stridedSlice(x, [0, 2, 3], [2, 0, 0], [1, -1, -2]),
  },
  ...{
    pad: (x: T) =>
      tf.pad(x, [
        [1, 0],
        [0, 2],
        [1, 1],
      ]),
    mirrorPad: (x: T) =>
      tf.mirrorPad(
        x,
        [
          [1, 0],
          [1, 2],
          [0, 1],
        ],
        'reflect',
      ),
  },
  ...{ tile: (x: T) => tf.tile(x, [2, 1, 3]), broadcastTo: (x: T) => tf.broadcastTo(x, [2, 2, 3, 4]) },
  ...{
    unstack: (x: T) => tf.add(tf.unstack(x, 1)[0]!, tf.mul(2, tf.unstack(x, 1)[2]!)),
    split: (x: T) => tf.split(x, [1, 3], 2)[1]!,
  },
  ...{ gather: (x: T) => tf.gather(x, tf.tensor1d([2, 0, 2], 'int32'), 1) },
  ...{
    gatherND: (x: T) =>
      tf.gatherND(
        x,
        tf.tensor2d(
          [
            [0, 1],
            [1, 2],
            [0, 1],
          ],
          [3, 2],
          'int32',
        ),
      ),
  },
  ...{
    topk: (x: T) => tf.topk(x, 2).values,
    where: (x: T) => tf.where(tf.greater(x, 0), tf.square(x), tf.mul(x, 3)),
  },
  ...{ booleanMask: (x: T) => tf.mul(x, tf.cast(tf.greater(x, 0.2), 'float32')) },
  'real FFT': (x: T) => tf.real(tf.spectral.rfft(x)),
} as never);
on(
  [
    [2, 3, 4],
    [2, 3, 4],
  ],
  anywhere,
  {
    concat: (a: T, b: T) => tf.concat([a, b], 1),
    stack: (a: T, b: T) => tf.stack([a, b], 1),
    'complex abs': (a: T, b: T) => tf.abs(tf.complex(a, b)),
  } as never,
);
const two = (): tf.Tensor2D => tf.tensor2d([[1], [3]], [2, 1], 'int32');
on([[2, 4]], anywhere, {
  scatterND: (x: T) => tf.scatterND(two(), x, [5, 4]),
  unsortedSegmentSum: (x: T) => tf.unsortedSegmentSum(x, tf.tensor1d([1, 0], 'int32'), 3),
  oneHotTimes: (x: T) => tf.matMul(tf.cast(tf.oneHot(tf.tensor1d([1, 0, 1], 'int32'), 2), 'float32'), x),
} as never);
on([[2]], anywhere, {
  sparseToDense: (x: T) => tf.sparseToDense(tf.tensor1d([1, 3], 'int32'), x, [5], 0),
} as never);
on(
  [
    [5, 4],
    [2, 4],
  ],
  anywhere,
  {
    tensorScatterUpdate: (t: T, u: T) => tf.tensorScatterUpdate(t, two(), u),
  } as never,
);
on(
  [
    [3, 4],
    [4, 5],
  ],
  anywhere,
  {
    ...{ matMul: tf.matMul, dot: tf.dot, einsum: (a: T, b: T) => tf.einsum('ij,jk->ki', a, b) },
  } as never,
);
on(
  [
    [2, 1, 3, 4],
    [3, 5, 4],
  ],
  anywhere,
  { 'matMul, transposed and broadcast': (a: T, b: T) => tf.matMul(a, b, false, true) } as never,
);
on([[3, 4], [4, 5], [5]], anywhere, {
  'fused.matMul': (a: T, b: T, bias: T) => tf.fused.matMul({ a, b, bias, activation: 'elu' }),
} as never);

// Convolutions, pooling, images.
type Image = tf.Tensor4D;
type Volume = tf.Tensor5D;
on(
  [
    [2, 6, 5, 2],
    [3, 2, 2, 3],
  ],
  anywhere,
  {
    conv2d: (x: Image, w: Image) => tf.conv2d(x, w, 1, 'same'),
    'conv2d, strides': (x: Image, w: Image) => tf.conv2d(x, w, 2, 'valid'),
    'conv2d, dilated': (x: Image, w: Image) => tf.conv2d(x, w, 1, 'same', 'NHWC', 2),
    depthwiseConv2d: (x: Image, w: Image) => tf.depthwiseConv2d(x, w, 1, 'same'),
    'depthwiseConv2d, strides': (x: Image, w: Image) => tf.depthwiseConv2d(x, w, 2, 'valid'),
    'depthwiseConv2d, dilated': (x: Image, w: Image) => tf.depthwiseConv2d(x, w, 1, 'same', 'NHWC', 2),
  } as never,
);
on(
  [
    [2, 2, 6, 5],
    [3, 2, 2, 3],
  ],
  anywhere,
  {
    'conv2d, channels first': (x: Image, w: Image) => tf.conv2d(x, w, 1, 'same', 'NCHW'),
  } as never,
);
on(
  [
    [2, 3, 3, 3],
    [3, 2, 2, 3],
  ],
  anywhere,
  {
    conv2dTranspose: (x: Image, w: Image) => tf.conv2dTranspose(x, w, [2, 6, 6, 2], 2, 'same'),
  } as never,
);
on([[2, 6, 5, 2], [3, 2, 2, 3], [3]], anywhere, {
  'fused.conv2d': (x: Image, filter: Image, bias: T) =>
    tf.fused.conv2d({ x, filter, bias, strides: 1, pad: 'same', activation: 'elu' }),
} as never);
on(
  [
    [2, 6, 5, 2],
    [3, 2, 2, 2],
    [1, 1, 4, 3],
  ],
  anywhere,
  {
    separableConv2d: (x: Image, d: Image, p: Image) => tf.separableConv2d(x, d, p, 1, 'same'),
  } as never,
);
on(
  [
    [2, 9, 2],
    [3, 2, 3],
  ],
  anywhere,
  {
    conv1d: (x: tf.Tensor3D, w: tf.Tensor3D) => tf.conv1d(x, w, 1, 'same'),
    'conv1d, dilated': (x: tf.Tensor3D, w: tf.Tensor3D) => tf.conv1d(x, w, 1, 'valid', 'NWC', 2),
  } as never,
);
on(
  [
    [1, 4, 5, 3, 2],
    [2, 2, 2, 2, 3],
  ],
  anywhere,
  {
    conv3d: (x: Volume, w: Volume) => tf.conv3d(x, w, 1, 'same'),
    'conv3d, strides': (x: Volume, w: Volume) => tf.conv3d(x, w, 2, 'valid'),
  } as never,
);
on(
  [
    [1, 2, 3, 2, 3],
    [2, 2, 2, 2, 3],
  ],
  anywhere,
  {
    conv3dTranspose: (x: Volume, w: Volume) => tf.conv3dTranspose(x, w, [1, 4, 6, 4, 2], 2, 'same'),
  } as never,
);
on([[2, 6, 4, 2]], anywhere, {
  maxPool: (x: Image) => tf.maxPool(x, 2, 2, 'valid'),
  'maxPool, overlapping': (x: Image) => tf.maxPool(x, 3, 2, 'same'),
  avgPool: (x: Image) => tf.avgPool(x, 2, 2, 'valid'),
  'avgPool, overlapping': (x: Image) => tf.avgPool(x, 3, 2, 'same'),
  'image.resizeBilinear': (x: Image) => tf.image.resizeBilinear(x, [4, 7]),
  'image.resizeNearestNeighbor': (x: Image) => tf.image.resizeNearestNeighbor(x, [4, 7]),
  'image.cropAndResize': (x: Image) =>
    tf.image.cropAndResize(
      x,
      tf.tensor2d([
        [0.1, 0, 0.8, 1],
        [0.3, 0.2, 1.2, 0.6],
      ]),
      tf.tensor1d([1, 0], 'int32'),
      [3, 4],
    ),
  'image.flipLeftRight': (x: Image) => tf.image.flipLeftRight(x),
  localResponseNormalization: (x: Image) => tf.localResponseNormalization(x, 1, 1, 0.8, 0.6),
  depthToSpace: (x: Image) => tf.depthToSpace(tf.concat([x, x], 3) as Image, 2),
  spaceToBatchND: (x: Image) =>
    tf.spaceToBatchND(
      x,
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
  batchToSpaceND: (x: Image) =>
    tf.batchToSpaceND(
      tf.concat([x, x], 0),
      [2, 2],
      [
        [0, 0],
        [0, 0],
      ],
    ),
} as never);
on(
  [
    [2, 6, 4, 2],
    [2, 3, 2],
  ],
  anywhere,
  {
    dilation2d: (x: Image, w: tf.Tensor3D) => tf.dilation2d(x, w, 1, 'same'),
  } as never,
);
on([[1, 4, 4, 2, 2]], anywhere, {
  maxPool3d: (x: Volume) => tf.maxPool3d(x, 2, 2, 'valid'),
  avgPool3d: (x: Volume) => tf.avgPool3d(x, 2, 2, 'same'),
} as never);
on([[4, 3, 3], [3], [3], [3], [3]], [0.3, 1.6], {
  batchNorm: (x: tf.Tensor3D, ...[mean, variance, offset, scale]: tf.Tensor1D[]) =>
    tf.batchNorm(x, mean!, variance!, offset, scale, 0.01),
} as never);
on([[4, 3, 3], [3], [3]], [0.3, 1.6], {
  'batchNorm without scale or offset': (x: tf.Tensor3D, ...[mean, variance]: tf.Tensor1D[]) =>
    tf.batchNorm(x, mean!, variance!, undefined, undefined, 0.01),
} as never);
const labels = (): T =>
  tf.tensor2d([
    [1, 0, 0, 0],
    [0, 0, 1, 0],
    [0, 1, 0, 0],
  ]);
on([[3, 4]], anywhere, {
  'losses.softmaxCrossEntropy': (z: T) => tf.losses.softmaxCrossEntropy(labels(), z),
  'losses.sigmoidCrossEntropy': (z: T) => tf.losses.sigmoidCrossEntropy(labels(), z),
  'losses.meanSquaredError': (z: T) => tf.losses.meanSquaredError(labels(), z),
  'losses.huberLoss': (z: T) => tf.losses.huberLoss(labels(), z),
  'losses.absoluteDifference': (z: T) => tf.losses.absoluteDifference(labels(), z),
  'losses.cosineDistance': (z: T) => tf.losses.cosineDistance(labels(), z, 1),
  'losses.hingeLoss': (z: T) => tf.losses.hingeLoss(labels(), z),
} as never);
on([[3, 4]], [0.1, 0.9], { 'losses.logLoss': (z: T) => tf.losses.logLoss(labels(), z) } as never);

/** Differentiable operations of TensorFlow.js. */
export const differentiable: readonly Differentiable[] = list;
