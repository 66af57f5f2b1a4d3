import { permutation, seededRandom } from '@tfjs-sam/datasets';
import type { Data, Examples } from './data.js';
import type { Treatment } from './dataset.js';

/** Some of the examples of one part of the data, with the labels that training is told. */
export interface SplitData {
  readonly examples: Examples;
  /** Which examples, in order. */
  readonly indices: Int32Array;
  /** Class of each, in the same order, renumbered and noisy where asked; undefined where targets are numbers. */
  readonly classes?: Int32Array | undefined;
}

/** The three parts of a task's data. Validation has no example where the task asks for none. */
export interface Splits {
  readonly train: SplitData;
  readonly validation: SplitData;
  readonly test: SplitData;
  /** Number of classes, after some were left out. */
  readonly classes?: number | undefined;
}

// Streams of draws of one seed that must not meet.
const streams = { split: 1, noise: 2 } as const;

/** The indices of the wanted classes, shuffled. */
function candidates(
  examples: Examples,
  kept: readonly number[] | undefined,
  seed: number,
  part: number,
): Int32Array {
  const order = permutation(examples.size, seededRandom(seed, streams.split, part));
  if (kept === undefined) return order;
  const wanted = new Set(kept);
  return order.filter((index) => wanted.has(examples.targets[index]!));
}

/** Labels of which a share is replaced by another class, each other class as likely as the next. */
function noisy(classes: Int32Array, count: number, share: number, seed: number): Int32Array {
  if (share === 0) return classes;
  const random = seededRandom(seed, streams.noise);
  const changed = permutation(classes.length, random).subarray(0, Math.round(share * classes.length));
  const result = classes.slice();
  for (const i of changed) result[i] = (result[i]! + 1 + Math.floor(random() * (count - 1))) % count;
  return result;
}

function need(count: number, what: string): void {
  if (count < 1)
    throw new RangeError(`expected the ${what} split to have at least one example, got ${count}`);
}

/**
 * Splits data: the test part (where the source has none), validation, training, in this order, from one random order.
 *
 * @param validation - Share of the training part that is held out to choose by, 0 for none.
 * @param seed - Names orders and noise.
 * @throws RangeError when a split would be empty.
 */
export function splitData(data: Data, treatment: Treatment, validation: number, seed: number): Splits {
  const { testFraction, train: trainSize, test: testSize, classes: kept, labelNoise } = treatment;
  const numbered = kept && new Map(kept.map((old, index) => [old, index]));
  const count = kept?.length ?? data.classes;
  const all = candidates(data.train, kept, seed, 0);
  const testExamples = data.test ?? data.train;
  const testCount = data.test ? 0 : Math.round(testFraction * all.length);
  const test = data.test ? candidates(data.test, kept, seed, 1) : all.subarray(0, testCount);
  const rest = all.subarray(testCount);
  const validationCount = Math.round(validation * rest.length);
  const part = (examples: Examples, indices: Int32Array, noise = 0): SplitData => {
    if (count === undefined) return { examples, indices };
    const plain = indices.map((index) => {
      const target = examples.targets[index]!;
      return numbered?.get(target) ?? target;
    });
    return { examples, indices, classes: noisy(plain, count, noise, seed) };
  };
  const splits = {
    train: part(data.train, rest.subarray(validationCount).subarray(0, trainSize), labelNoise),
    validation: part(data.train, rest.subarray(0, validationCount)),
    test: part(testExamples, test.subarray(0, testSize)),
    classes: count,
  };
  need(splits.train.indices.length, 'training');
  need(splits.test.indices.length, 'test');
  return splits;
}
