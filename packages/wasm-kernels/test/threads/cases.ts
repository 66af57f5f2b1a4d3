import * as tf from '@tensorflow/tfjs';
import { layerNorm, trainingBatchNorm } from '../../src/index.js';
import { random } from '../compare.js';
import { computations, run } from '../computations.js';
import { wholeNumbers } from '../random.js';
import { sideOnly } from '../side-computations.js';
import { windows } from '../windows.js';
import type { Case } from './several.js';

/** Products of random sizes, some of a single row, some transposed. */
function* products(count: number): Generator<Case> {
  const pick = wholeNumbers(1);
  for (let i = 0; i < count; i++) {
    const [m, n, k] = [pick(0, 3) ? pick(2, 90) : 1, pick(1, 90), pick(1, 300)];
    const [left, right] = [pick(0, 1) === 1, pick(0, 1) === 1];
    const inputs = [
      random(i, left ? [k, m] : [m, k]),
      random(i + 99, right ? [n, k] : [k, n]),
      random(i, [n]),
    ];
    const label = `product ${m}×${n}×${k}${left ? ' ᵀ' : ''}${right ? ' ·ᵀ' : ''}`;
    yield [
      label,
      inputs,
      (a, b, bias) => [
        tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D, left, right),
        tf.fused.matMul({
          ...{ a: a as tf.Tensor2D, b: b as tf.Tensor2D, transposeA: left, transposeB: right },
          ...{ bias: bias!, activation: 'relu' },
        }),
      ],
    ];
  }
}

/** Convolutions and poolings of random windows, with their gradients. */
function* windowed(count: number): Generator<Case> {
  const choices = { sizes: [6, 17] as [number, number], channels: [1, 19] as [number, number] };
  for (const { x, filter, strides, pad, out } of windows(5, count, { ...choices, outs: [1, 40] })) {
    const weights = [filter[0], filter[1], x[3], out];
    yield [
      `windows ${JSON.stringify({ x, weights, strides, pad })}`,
      [random(1, x), random(2, weights), random(3, [...filter, x[3], 2])],
      (a, w, spread) => {
        const convolve = (a: tf.Tensor, w: tf.Tensor) =>
          tf.conv2d(
            a as tf.Tensor4D,
            w as tf.Tensor4D,
            strides,
            pad as 'same',
            'NHWC',
            1,
            typeof pad === 'string' ? undefined : 'floor',
          );
        const each = (a: tf.Tensor, w: tf.Tensor) =>
          tf.depthwiseConv2d(a as tf.Tensor4D, w as tf.Tensor4D, 1, 'same');
        const largest = (a: tf.Tensor) => tf.maxPool(a as tf.Tensor4D, 2, 2, 'same');
        const mean = (a: tf.Tensor) => tf.avgPool(a as tf.Tensor4D, 3, 2, 'same');
        return [
          convolve(a!, w!),
          ...tf.grads((a, w) => convolve(a!, w!))([a!, w!]),
          tf.grad(largest)(a!),
          tf.grad(mean)(a!),
          ...tf.grads((a, w) => each(a!, w!))([a!, spread!]),
          each(a!, tf.slice(spread!, [0, 0, 0, 0], [-1, -1, -1, 1])),
        ];
      },
    ];
  }
}

/** What sums over rows, of so many that there are several blocks; and what goes element by element. */
function* rowwise(): Generator<Case> {
  const pick = wholeNumbers(3);
  for (const rows of [1, 511, 513, 1300, 2048]) {
    const columns = pick(2, 37);
    const shape = [rows, columns];
    yield [
      `rows ${shape}`,
      [random(1, shape), random(2, [columns]), random(3, [columns])],
      (x, gamma, beta) => [
        tf.sum(x!, 0),
        layerNorm(x!, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3),
        ...tf.grads((x, gamma, beta) => layerNorm(x!, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3))([
          x!,
          gamma!,
          beta!,
        ]),
        trainingBatchNorm(x!, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3).y,
        ...tf.grads(
          (x, gamma, beta) => trainingBatchNorm(x!, gamma as tf.Tensor1D, beta as tf.Tensor1D, 1e-3).y,
        )([x!, gamma!, beta!]),
        tf.tanh(x!),
        tf.clipByValue(x!, -0.5, 0.5),
        tf.transpose(x!),
        tf.unsortedSegmentSum(
          x!,
          tf.tensor1d(
            Array.from({ length: rows }, (_, i) => ((i * 7919) % 61) - 2),
            'int32',
          ),
          53,
        ),
        ...run('SamReluGrad', { x: x!, dy: x! }),
      ],
    ];
  }
}

/** Computations of every kernel, and products, convolutions and sums of random sizes; `scale`: more or fewer of them. */
export const casesOf = (scale: number): readonly Case[] => [
  ...computations,
  ...sideOnly,
  ...products(Math.ceil(16 * scale)),
  ...windowed(Math.ceil(10 * scale)),
  ...rowwise(),
];
