import { generator } from '../algebra/random.js';

/**
 * Runs `f` with `Math.random` replaced by a generator that depends on the seed and the step alone, and puts it back,
 * also when `f` throws. Every evaluation of a step then draws the same numbers: TensorFlow.js seeds its unseeded
 * random operations (dropout masks, Gaussian noise) from `Math.random`.
 */
export function withSharedRandomness<T>(seed: number | undefined, step: number, f: () => T): T {
  if (seed === undefined) return f();
  const { random } = Math;
  const next = generator(seed, step, 0);
  Math.random = () => next() / 0x100000000;
  try {
    return f();
  } finally {
    Math.random = random;
  }
}
