import * as tf from '@tensorflow/tfjs';
import { type Computation, random, type Values } from './compare.js';
import { run, window } from './computations.js';

type Four = [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];

/** Kernels that there are on the side module only. */
export const sideOnly: readonly [string, Values[], Computation][] = [
  [
    'SamDraw',
    [],
    () => {
      const shapes = [[40], [7, 3]];
      return run('SamDraw', {}, { distribution: 'gaussian', seed: 3, step: 0, index: 0, shapes });
    },
  ],
  [
    'SamPass',
    [random(1, [600]), random(2, [600]), random(3, [])],
    (x, y, c) => {
      const attrs = {
        ...{ vectors: 2, outputs: 2, scalars: 1, constants: [0.5], operands: 7 },
        instructions: [
          ['mulAdd', 6, 0, 4, 1],
          ['sub', 2, 6, 5],
          ['abs', 3, 2],
        ],
      };
      return run('SamPass', { '0v0': x!, '1v0': y!, s0: c! }, attrs);
    },
  ],
  [
    'SamLstm and its gradient',
    [random(1, [12, 20]), random(2, [5, 20]), random(3, [20]), random(4, [6, 5]), random(5, [6, 5])],
    (a, recurrent, bias, h, c) =>
      [true, false].flatMap((all) => {
        const attrs = { gates: 'sigmoid', all };
        const steps = { recurrent: recurrent!, h: h!, c: c! };
        const [out, hs, cs, gates] = run('SamLstm', { ...steps, a: a!, bias: bias! }, attrs) as Four;
        const given = { ...steps, dy: out, hs, cs, gates };
        return [out, hs, cs, gates, ...run('SamLstmGrad', given, attrs)];
      }),
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
    'SamGru and its gradient',
    [random(1, [12, 15]), random(2, [6, 5]), random(3, [5, 15]), random(4, [15])],
    (a, h, recurrent, bias) =>
      [true, false].flatMap((all) => {
        const attrs = { gates: 'sigmoid', all };
        const steps = { recurrent: recurrent!, h: h! };
        const [out, hs, gates, resets] = run('SamGru', { ...steps, a: a!, bias: bias! }, attrs) as Four;
        return [
          out,
          hs,
          gates,
          resets,
          ...run('SamGruGrad', { ...steps, dy: out, hs, gates, resets }, attrs),
        ];
      }),
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
      ...run('SamAscentScale', { x0: x! }, { rho: 0.05, rankOneCoefficient: 0 }),
    ],
  ],
  [
    'SamScale, SamAxpy and SamChoose',
    [random(1, []), random(2, [50]), random(3, [6, 5])],
    (c, x, y) => [
      ...run('SamScale', { c: c!, x0: x!, x1: y! }),
      ...run('SamScale', { c: tf.scalar(0), x0: x!, x1: y! }),
      ...run('SamAxpy', { c: c!, x0: x!, y0: x!, x1: y!, y1: y! }),
      ...run('SamAxpy', { c: tf.scalar(0), x0: x!, y0: x!, x1: y!, y1: y! }),
      ...run('SamChoose', { c: c!, x0: x!, y0: x! }),
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
