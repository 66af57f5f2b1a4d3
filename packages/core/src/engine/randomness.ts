import { generator } from '../algebra/random.js';

/** The random numbers that an evaluation draws. */
export interface Draws {
  /** Any integer. */
  readonly seed: number;
  /** The step. */
  readonly step: number;
  /** The micro-batch: each has its own. */
  readonly part: number;
}

/**
 * Runs `f` with `Math.random` replaced by a generator that depends on `draws` alone, and puts it back, also when `f`
 * throws. Every evaluation of a step then draws the same numbers: TensorFlow.js seeds its unseeded random operations
 * (dropout masks, Gaussian noise) from `Math.random`.
 */
export function withSharedRandomness<T>(draws: Draws | undefined, f: () => T): T {
  if (draws === undefined) return f();
  const { random } = Math;
  const next = generator(draws.seed, draws.step, draws.part);
  Math.random = () => next() / 0x100000000;
  try {
    return f();
  } finally {
    Math.random = random;
  }
}

/** A seed that nobody chose. */
export function freshSeed(): number {
  return Math.floor(Math.random() * 0x100000000);
}
