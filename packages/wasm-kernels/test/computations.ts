import * as tf from '@tensorflow/tfjs';
import { softmaxCrossEntropy, trainingBatchNorm } from '../src/index.js';
import { random, type Values } from './compare.js';

export type Computation = (...t: tf.Tensor[]) => tf.Tensor[];

const run = (name: string, inputs: tf.NamedTensorMap, attrs: object = {}): tf.Tensor[] => {
  const outs: tf.Tensor | tf.Tensor[] = tf.engine().runKernel(name, inputs, { ...attrs } as tf.NamedAttrMap);
  return Array.isArray(outs) ? outs : [outs];
};
const window = { strides: 2, pad: 'same', dataFormat: 'NHWC' };
const image = [2, 12, 11, 5];
const ids = { data: Int32Array.from({ length: 40 }, (_, i) => (i * 7) % 11), shape: [40] };

/** Small computations on every kernel that allocates. */
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
];

/** Kernels that there are on the side module only. */
export const sideOnly: readonly [string, Values[], Computation][] = [
  [
    'SamLstmCell and its gradient',
    [
      random(1, [6, 20]),
      random(2, [6, 20]),
      random(3, [20]),
      random(4, [6, 5]),
      random(5, [6, 5]),
      random(6, [6, 5]),
    ],
    (a, r, bias, c, dh, dc) => {
      const cell = { a: a!, r: r!, bias: bias!, c: c! };
      const attrs = { gates: 'sigmoid' };
      return [
        ...run('SamLstmCell', cell, attrs),
        ...run('SamLstmCellGrad', { ...cell, dh: dh!, dc: dc! }, attrs),
      ];
    },
  ],
  [
    'SamDense, SamConv2D and Relu',
    [random(1, [6, 5]), random(2, [5, 7]), random(3, [7]), random(4, [2, 6, 5, 5]), random(5, [3, 3, 5, 7])],
    (x, kernel, bias, image, filter) => [
      ...run('SamDense', { x: x!, kernel: kernel!, bias: bias! }, { relu: true }),
      ...run('SamConv2D', { x: image!, filter: filter!, bias: bias! }, { ...window, relu: true }),
      tf.relu(x!),
    ],
  ],
  [
    'SamGruCell and its gradient',
    [random(1, [6, 15]), random(2, [6, 5]), random(3, [5, 15]), random(4, [15]), random(5, [6, 5])],
    (a, h, recurrent, bias, dh) => {
      const attrs = { gates: 'sigmoid' };
      const cell = { a: a!, h: h!, recurrent: recurrent!, bias: bias! };
      const [hNew, z] = run('SamGruCell', cell, attrs);
      const gradient = { z: z!, h: h!, recurrent: recurrent!, dh: dh! };
      return [hNew!, z!, ...run('SamGruCellGrad', gradient, attrs)];
    },
  ],
  [
    'SamMovingAverages',
    [random(1, [50]), random(2, [50]), random(3, [50]), random(4, [50])],
    (mean, variance, oldMean, oldVariance) =>
      run(
        'SamMovingAverages',
        { mean: mean!, variance: variance!, oldMean: oldMean!, oldVariance: oldVariance! },
        { momentum: 0.9 },
      ),
  ],
  [
    'Tanh and SamReluGrad',
    [random(1, [50]), random(2, [50])],
    (x, dy) => [tf.tanh(x!), ...run('SamReluGrad', { x: x!, dy: dy! })],
  ],
  [
    'SamNorm, SamDot and SamAscentScale',
    [random(1, [50]), random(2, [50])],
    (x, y) => [
      ...run('SamNorm', { x0: x!, x1: y! }),
      ...run('SamDot', { x0: x!, y0: y! }),
      ...run('SamAscentScale', { x0: x! }, { rho: 0.05, growth: 0 }),
    ],
  ],
  [
    'SamScale and SamAxpy',
    [random(1, []), random(2, [50]), random(3, [6, 5])],
    (c, x, y) => [
      ...run('SamScale', { c: c!, x0: x!, x1: y! }),
      ...run('SamScale', { c: tf.scalar(0), x0: x!, x1: y! }),
      ...run('SamAxpy', { c: c!, x0: x!, y0: x!, x1: y!, y1: y! }),
      ...run('SamAxpy', { c: tf.scalar(0), x0: x!, y0: x!, x1: y!, y1: y! }),
    ],
  ],
  [
    'SamSgd',
    [random(1, [50]), random(2, [50]), random(3, [50])],
    (g, p, v) =>
      run('SamSgd', { g0: g!, p0: p!, v0: v! }, { learningRate: 0.1, momentum: 0.9, nesterov: true }),
  ],
  [
    'SamAdamW',
    [
      random(1, [50]),
      random(2, [50]),
      random(3, [50]),
      { ...random(4, [50]), data: random(4, [50]).data.map(Math.abs) },
    ],
    (g, p, m, v) =>
      run(
        'SamAdamW',
        { g0: g!, p0: p!, m0: m!, v0: v! },
        {
          learningRate: 0.1,
          beta1: 0.9,
          beta2: 0.99,
          epsilon: 1e-8,
          weightDecay: [0.1],
          correction1: 0.1,
          correction2: 0.01,
        },
      ),
  ],
];
