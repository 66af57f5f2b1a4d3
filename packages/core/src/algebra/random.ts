import * as tf from '@tensorflow/tfjs-core';
import { fillPhilox } from './philox.js';
import { runsAtHand } from './runs.js';
import type { ParamVector } from './vector.js';

/**
 * A source of random vectors: one tensor per shape. `step` counts from 0, `index` counts the draws within the step, and
 * from a multiple of 65,536 in each micro-batch with a perturbation of its own.
 * Every strategy that draws takes one in place of its seed. The step's scope disposes what it returns.
 */
export type Sampler = (shapes: readonly number[][], step: number, index: number) => ParamVector;

/** The distributions that core can draw from, each entry independent. */
export type Distribution = 'gaussian' | 'rademacher' | 'uniform';

/**
 * A sampler that depends on nothing but its seed, the step and the index: a resumed training draws what the
 * uninterrupted one would have drawn, with the same bits on every backend.
 *
 * - 'gaussian': mean 0, variance 1. - 'rademacher': −1 or 1. - 'uniform': [0, 1).
 *
 * Independent runs of one optimizer draw the same numbers, each as if it were alone.
 *
 * @param seed - Any integer.
 */
export function seededSampler(distribution: Distribution, seed: number): Sampler {
  return (shapes, step, index) => {
    const place = { distribution, seed, step, index };
    if (!runsAtHand()) return drawn(shapes, place);
    // Every run draws what it would draw alone.
    return tf.tidy(() =>
      drawn(
        shapes.map(([, ...rest]) => rest),
        place,
      ).map((tensor, i) =>
        tf.mul(tf.expandDims(tensor), tf.ones([shapes[i]![0]!, ...tensor.shape.map(() => 1)])),
      ),
    );
  };
}

interface Draw {
  readonly distribution: Distribution;
  readonly seed: number;
  readonly step: number;
  readonly index: number;
}

/** The numbers of a draw: from the kernel that the backend may have, or made here; the bits are the same. */
function drawn(shapes: readonly number[][], { distribution, ...place }: Draw): ParamVector {
  if (tf.getKernel('SamDraw', tf.getBackend())) {
    const attrs = { distribution, ...place, shapes } as unknown as tf.NamedAttrMap;
    const made = tf.engine().runKernel('SamDraw', {}, attrs) as tf.Tensor[];
    // It draws nothing while its module is being compiled.
    if (made.length === shapes.length) return made;
  }
  return shapes.map((shape, tensor) => {
    const values = new Float32Array(tf.util.sizeFromShape([...shape]));
    fillPhilox(values, distribution, { ...place, tensor });
    return tf.tensor(values, [...shape], 'float32');
  });
}

type Generator = () => number;

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
