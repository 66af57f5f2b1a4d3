import * as tf from '@tensorflow/tfjs-core';
import { runsAtHand } from './runs.js';
import type { ParamVector } from './vector.js';

/**
 * A source of random vectors: one tensor per shape. `step` counts from 0, `index` counts the draws within the step.
 * Every strategy that draws takes one in place of its seed. The step's scope disposes what it returns.
 */
export type Sampler = (shapes: readonly number[][], step: number, index: number) => ParamVector;

/** The distributions that core can draw from, each entry independent. */
export type Distribution = 'gaussian' | 'rademacher' | 'uniform';

/**
 * A sampler that depends on nothing but its seed, the step and the index: a resumed training draws what the
 * uninterrupted one would have drawn.
 *
 * - 'gaussian': mean 0, variance 1. - 'rademacher': −1 or 1. - 'uniform': [0, 1).
 *
 * Independent runs of one optimizer draw the same numbers, each as if it were alone.
 *
 * @param seed - Any integer.
 */
export function seededSampler(distribution: Distribution, seed: number): Sampler {
  const fill = fillers[distribution];
  return (shapes, step, index) => {
    const next = generator(seed, step, index);
    const draw = (shape: readonly number[]) => {
      const values = new Float32Array(tf.util.sizeFromShape([...shape]));
      fill(values, next);
      return tf.tensor(values, [...shape], 'float32');
    };
    if (!runsAtHand()) return shapes.map(draw);
    // Every run draws what it would draw alone.
    return shapes.map(([count, ...rest]) =>
      tf.tidy(() => tf.mul(tf.expandDims(draw(rest)), tf.ones([count!, ...rest.map(() => 1)]))),
    );
  };
}

type Generator = () => number;

const fillers: Readonly<Record<Distribution, (values: Float32Array, next: Generator) => void>> = {
  gaussian: fillGaussian,
  rademacher: (values, next) => {
    for (let i = 0; i < values.length; i++) values[i] = next() < 0x80000000 ? -1 : 1;
  },
  uniform: (values, next) => {
    // 24 bits, so that rounding to float32 never gives 1.
    for (let i = 0; i < values.length; i++) values[i] = (next() >>> 8) / 0x1000000;
  },
};

/** Marsaglia's polar method: two normals from a point in the unit disc. */
function fillGaussian(values: Float32Array, next: Generator): void {
  for (let i = 0; i < values.length; i += 2) {
    let [x, y, square] = [0, 0, 0];
    do {
      x = next() / 0x80000000 - 1;
      y = next() / 0x80000000 - 1;
      square = x * x + y * y;
    } while (square >= 1 || square === 0);
    const factor = Math.sqrt((-2 * Math.log(square)) / square);
    values[i] = x * factor;
    if (i + 1 < values.length) values[i + 1] = y * factor;
  }
}

/** xoshiro128** of 32-bit integers (Blackman and Vigna 2018), its state mixed from three numbers. */
export function generator(seed: number, step: number, index: number): Generator {
  let mixed = seed | 0;
  const mix = (word: number) => {
    mixed = Math.imul(mixed ^ word ^ 0x9e3779b9, 0x85ebca6b);
    mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
    mixed ^= mixed >>> 16;
    return mixed;
  };
  mix(step);
  mix(index);
  let [a, b, c, d] = [mix(1), mix(2), mix(3), mix(4)];
  return () => {
    const product = Math.imul(b, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9);
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result >>> 0;
  };
}
