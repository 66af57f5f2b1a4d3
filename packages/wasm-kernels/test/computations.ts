import * as tf from '@tensorflow/tfjs';
import { dotProductAttention, layerNorm, softmaxCrossEntropy, trainingBatchNorm } from '../src/index.js';
import { type Computation, random, type Values } from './compare.js';

/** The outputs of a kernel. */
export const run = (name: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor[] => {
  const outs: tf.Tensor | tf.Tensor[] = tf.engine().runKernel(name, inputs, { ...attrs } as tf.NamedAttrMap);
  return Array.isArray(outs) ? outs : [outs];
};
export const window = { strides: 2, pad: 'same', dataFormat: 'NHWC' };
const image = [2, 12, 11, 5];
const ids = { data: Int32Array.from({ length: 40 }, (_, i) => (i * 7) % 11), shape: [40] };

/** Small computations on every kernel that allocates, but for those of the side module only. */
export const computations: readonly [string, Values[], Computation][] = [
  [
    'MaxPoolGrad',
    [random(1, image), random(2, [2, 6, 6, 5])],
    (x, dy) => run('MaxPoolGrad', { input: x!, output: dy!, dy: dy! }, { ...window, filterSize: 3 }),
  ],
  [
    'AvgPoolGrad',
    [random(1, image), random(2, [2, 6, 6, 5])],
    (x, dy) => run('AvgPoolGrad', { input: x!, dy: dy! }, { ...window, filterSize: 3 }),
  ],
  [
    'DepthwiseConv2dNativeBackpropInput',
    [random(1, [2, 6, 6, 10]), random(2, [3, 3, 5, 2])],
    (dy, filter) =>
      run(
        'DepthwiseConv2dNativeBackpropInput',
        { dy: dy!, filter: filter! },
        { ...window, inputShape: image },
      ),
  ],
  [
    'DepthwiseConv2dNativeBackpropFilter',
    [random(1, image), random(2, [2, 6, 6, 10])],
    (x, dy) =>
      run(
        'DepthwiseConv2dNativeBackpropFilter',
        { x: x!, dy: dy! },
        { ...window, filterShape: [3, 3, 5, 2] },
      ),
  ],
  [
    'Conv2D',
    [random(1, image), random(2, [3, 3, 5, 9])],
    (x, w) => [tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 2, 'same')],
  ],
  [
    'Conv2DBackpropInput',
    [random(1, [2, 6, 6, 9]), random(2, [3, 3, 5, 9])],
    (dy, filter) =>
      run('Conv2DBackpropInput', { dy: dy!, filter: filter! }, { ...window, inputShape: image }),
  ],
  [
    'Conv2DBackpropFilter',
    [random(1, image), random(2, [2, 6, 6, 9])],
    (x, dy) => run('Conv2DBackpropFilter', { x: x!, dy: dy! }, { ...window, filterShape: [3, 3, 5, 9] }),
  ],
  [
    'BatchMatMul',
    [random(1, [3, 20, 30]), random(2, [3, 40, 30])],
    (a, b) => [tf.matMul(a!, b!, false, true)],
  ],
  [
    '_FusedMatMul',
    [random(1, [3, 20, 30]), random(2, [3, 40, 30]), random(3, [40])],
    (a, b, bias) => [
      tf.fused.matMul({ a: a!, b: b!, bias: bias!, transposeB: true, activation: 'relu' }),
      tf.fused.matMul({
        a: tf.slice(a!, 0, 1),
        b: tf.transpose(tf.slice(b!, 0, 1), [0, 2, 1]),
        bias: bias!,
        activation: 'relu6',
      }),
    ],
  ],
  ['Einsum', [random(1, [4, 5, 6]), random(2, [6, 4, 3])], (a, b) => [tf.einsum('ijk,kil->jli', a!, b!)]],
  [
    'UnsortedSegmentSum',
    [random(1, [40, 6]), ids],
    (x, segments) => [tf.unsortedSegmentSum(x!, segments as tf.Tensor1D, 9)],
  ],
  ['Sum', [random(1, [30, 40])], (x) => [tf.sum(x!, 0)]],
  ['Tile', [random(1, [1, 40])], (x) => [tf.tile(x!, [30, 1])]],
  [
    'Transpose, Unpack and Pack',
    [random(1, [6, 7, 8])],
    (x) => [tf.stack(tf.unstack(tf.transpose(x!, [2, 0, 1]), 1), 2)],
  ],
  [
    'batch normalisation and its gradient',
    [random(1, [6, 5, 7]), random(2, [7]), random(3, [7]), random(4, [6, 5, 7])],
    (x, gamma, beta, dy) => {
      const normalize = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) =>
        trainingBatchNorm(x, gamma, beta);
      const gradient = tf.grads((x, gamma, beta) => normalize(x!, gamma!, beta!).y);
      const { y, mean, variance } = normalize(x!, gamma!, beta!);
      return [y, mean, variance, ...gradient([x!, gamma!, beta!], dy)];
    },
  ],
  [
    'softmax cross-entropy and its gradient',
    [random(1, [9, 7]), random(2, [9, 7]), random(3, [9])],
    (labels, logits, dy) => [
      softmaxCrossEntropy(labels!, logits!),
      softmaxCrossEntropy(labels!, logits!, 'mean'),
      tf.grad((z) => softmaxCrossEntropy(labels!, z))(logits!, dy),
    ],
  ],
  [
    'layer normalisation and its gradient',
    [random(1, [6, 7]), random(2, [7]), random(3, [7]), random(4, [6, 7])],
    (...[x, gamma, beta, dy]) => {
      const normalize = (...t: tf.Tensor[]) => layerNorm(t[0]!, t[1]!, t[2]!);
      return [normalize(x!, gamma!, beta!), ...tf.grads(normalize)([x!, gamma!, beta!], dy)];
    },
  ],
  [
    'attention, masked or causal, and its gradients',
    [random(1, [3, 7, 10]), random(2, [3, 9, 10]), random(3, [3, 9, 6]), random(4, [3, 7, 6])],
    (...[q, k, v, dy]) =>
      [
        { causal: true },
        {
          mask: tf.reshape(
            tf.tensor1d(
              Array.from({ length: 63 }, (_, i) => i % 3),
              'bool',
            ),
            [7, 9],
          ),
        },
      ].flatMap((options) => {
        const attend = (...t: tf.Tensor[]) =>
          dotProductAttention(t[0]!, t[1]!, t[2]!, { heads: 2, ...options });
        return [attend(q!, k!, v!), ...tf.grads(attend)([q!, k!, v!], dy)];
      }),
  ],
  ['Mean', [random(1, [30, 40])], (x) => [tf.mean(x!, 0)]],
  [
    'Slice, SplitV and Concat',
    [random(1, [6, 7, 8]), random(2, [6, 3, 8])],
    (x, y) => [tf.slice(x!, [1, 2, 3], [4, 3, 2]), ...tf.split(x!, [2, 5], 1), tf.concat([x!, y!], 1)],
  ],
  [
    'Relu6, ClipByValue and Sign',
    [random(1, [50])],
    (x) => [tf.relu6(x!), tf.clipByValue(x!, -0.5, 0.25), tf.sign(x!)],
  ],
  ['Select and Cast', [ids, random(1, [40])], (n, x) => [tf.where(tf.cast(x!, 'bool'), n!, x!)]],
  [
    'FusedConv2D and FusedDepthwiseConv2D',
    [random(1, image), random(2, [3, 3, 5, 9]), random(3, [9]), random(4, [3, 3, 5, 2]), random(5, [10])],
    (...[x, filter, bias, depthwiseFilter, depthwiseBias]) => {
      const layer = {
        ...{ x: x as tf.Tensor4D, strides: 2, pad: 'same' as const },
        activation: 'relu' as const,
      };
      return [
        tf.fused.conv2d({ ...layer, filter: filter as tf.Tensor4D, bias: bias! }),
        tf.fused.depthwiseConv2d({
          ...layer,
          filter: depthwiseFilter as tf.Tensor4D,
          bias: depthwiseBias!,
        }),
      ];
    },
  ],
  [
    'DepthwiseConv2dNative, MaxPool and AvgPool',
    [random(1, image), random(2, [2, 3, 5, 2])],
    (...[x, w]) => [
      // A padding that is written out anew.
      tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 1, 'NHWC', 1, 'floor'),
      tf.maxPool(x as tf.Tensor4D, [2, 3], 2, 1, 'floor'),
      tf.avgPool(x as tf.Tensor4D, [2, 3], 2, 1, 'floor'),
    ],
  ],
  [
    'Conv3DBackpropInputV2, Conv3DBackpropFilterV2 and MaxPool3DGrad',
    [random(1, [1, 4, 5, 3, 2]), random(2, [2, 2, 2, 2, 3])],
    (x, w) => [
      ...tf.grads((x, w) => tf.conv3d(x as tf.Tensor5D, w as tf.Tensor5D, 1, 'same'))([x!, w!]),
      tf.grad((x) => tf.maxPool3d(x as tf.Tensor5D, 2, 2, 'same'))(x!),
    ],
  ],
  [
    'operations on one tensor of another type',
    [ids],
    (n) =>
      [tf.cast(n!, 'bool'), n!].flatMap((x) => [
        ...[tf.abs, tf.atan, tf.round, tf.selu, tf.softplus, tf.square, tf.step, tf.neg, tf.exp].map((f) =>
          f(x),
        ),
        ...[tf.expm1, tf.leakyRelu, tf.acos, tf.acosh, tf.asin, tf.asinh, tf.atanh, tf.log1p].map((f) =>
          f(x),
        ),
        ...[tf.reciprocal, tf.sinh, tf.isFinite, tf.isInf, tf.isNaN].map((f) => f(x)),
        tf.clipByValue(x, 0, 3),
      ]),
  ],
  [
    'arithmetic and padding of seven axes',
    [random(1, [2, 1, 3, 1, 2, 1, 2]), random(2, [2, 1])],
    (a, b) => [
      ...[tf.add, tf.sub, tf.mul, tf.div, tf.squaredDifference].map((f) => f(a!, b!)),
      tf.pad(a!, Array<[number, number]>(7).fill([1, 0])),
    ],
  ],
  [
    'Max, Min, Prod, Any and All',
    [random(1, [0, 3])],
    (x) => [
      ...[tf.max(x!, 0), tf.min(x!, 0), tf.prod(x!, 0)],
      ...[tf.any(tf.cast(x!, 'bool'), 0), tf.all(tf.cast(x!, 'bool'), 0)],
    ],
  ],
  [
    'OneHot, Prelu, Reverse, StridedSlice, Bincount, GatherV2 and Mod',
    [random(1, [4, 10]), { ...ids, shape: [4, 10] }],
    (x, n) => [
      ...[tf.oneHot(n!, 11, 0.9, 0.05, 'float32'), tf.prelu(x!, tf.ones([4, 1])), tf.mod(n!, n!)],
      ...[tf.reverse(tf.cast(n!, 'bool')), tf.stridedSlice(n!, [0, 9], [4, 1], [2, -2])],
      ...[tf.bincount(n as tf.Tensor1D, tf.tensor1d([]), 11), tf.gather(tf.tile(x!, [1, 2]), n!, 1, 1)],
    ],
  ],
  [
    'MaxPool3D, MaxPoolWithArgmax, Dilation2D and its gradients',
    [random(1, [1, 4, 5, 3, 2]), random(2, image), random(3, [2, 3, 5])],
    (volume, x, w) => [
      tf.maxPool3d(volume as tf.Tensor5D, 1, 2, 'same'),
      ...Object.values(tf.maxPoolWithArgmax(x as tf.Tensor4D, 2, 2, 'same')),
      ...tf.grads((x, w) => tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, 1, 'same'))([x!, w!]),
      tf.dilation2d(x as tf.Tensor4D, w as tf.Tensor3D, 1, 'same'),
    ],
  ],
  [
    'complex numbers',
    [random(1, [4, 6]), random(2, [4, 6])],
    (a, b) => {
      const z = tf.complex(a!, b!);
      const parts = [tf.fft(z), tf.ifft(z), tf.mul(z, z), tf.onesLike(z)].flatMap((x) => [
        tf.real(x),
        tf.imag(x),
      ]);
      return [...parts, tf.abs(z)];
    },
  ],
  [
    'comparisons, GatherNd, ScatterNd and SparseToDense',
    [random(1, [40]), ids],
    (x, n) => [
      ...[tf.lessEqual(x!, 0), tf.greater(x!, 0), tf.gatherND(x!, tf.reshape(n!, [40, 1]))],
      tf.scatterND(tf.reshape(n!, [40, 1]), x!, [11]),
      tf.sparseToDense(tf.range(0, 40, 1, 'int32') as tf.Tensor1D, x!, [40]),
    ],
  ],
];
