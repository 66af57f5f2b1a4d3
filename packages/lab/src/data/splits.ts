import { permutation, seededRandom } from '@tfjs-sam/datasets';
import type { Data, Examples } from './data.js';
import type { Treatment } from './dataset.js';

/** Some of the examples of one part of the data, with the labels that training is told. */
export interface SplitData {
  readonly examples: Examples;
  /** The examples, in order. */
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

/** The part of a treatment that its data cannot follow, in words; undefined where they can. */
function contradiction(data: Data, treatment: Treatment): string | undefined {
  const { classes, labelNoise, flip, crop } = treatment;
  if ((flip || crop > 0) && data.shape.length !== 3)
    return `flip and crop to be of images [height, width, channels], got inputs of shape [${data.shape}]`;
  if (data.classes === undefined && (classes || labelNoise > 0))
    return 'classes and labelNoise to be of data with classes, got data with numbers as targets';
  const strange = classes?.find((each, i) => each >= data.classes! || classes.indexOf(each) !== i);
  if (strange === undefined) return undefined;
  return `classes to be different numbers below ${data.classes}, got ${strange} in [${classes}]`;
}

/** The first `size` of them; all where it is not given. */
function first(indices: Int32Array, size: number | undefined, option: string): Int32Array {
  if (size === undefined || size <= indices.length) return indices.subarray(0, size);
  throw new RangeError(`expected ${option} to be at most the ${indices.length} examples there, got ${size}`);
}

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
 * @throws RangeError when a split would be empty or smaller than asked, or the treatment is not for such data.
 */
export function splitData(data: Data, treatment: Treatment, validation: number, seed: number): Splits {
  const { testFraction, train: trainSize, test: testSize, classes: kept, labelNoise } = treatment;
  const wrong = contradiction(data, treatment);
  if (wrong !== undefined) throw new RangeError(`expected ${wrong}`);
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
    train: part(data.train, first(rest.subarray(validationCount), trainSize, 'train'), labelNoise),
    validation: part(data.train, rest.subarray(0, validationCount)),
    test: part(testExamples, first(test, testSize, 'test')),
    classes: count,
  };
  need(splits.train.indices.length, 'training');
  need(splits.test.indices.length, 'test');
  return splits;
}
