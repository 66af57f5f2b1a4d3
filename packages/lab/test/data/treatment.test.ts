import { complete } from '@tfjs-sam/core';
import { seededRandom } from '@tfjs-sam/datasets';
import { describe, expect, it } from 'vitest';
import { type Augmentation, inputsOf, normalisationOf, targetsOf } from '../../src/data/batch.js';
import type { Data } from '../../src/data/data.js';
import { type Treatment, treatmentOptions } from '../../src/data/dataset.js';
import { splitData } from '../../src/data/splits.js';

/** 200 images of 3×3 pixels with two channels; example i holds 18 i, 18 i + 1, …; five classes. */
const size = 200;
const shape = [3, 3, 2];
const data: Data = {
  shape,
  scale: 1,
  classes: 5,
  train: {
    inputs: Float32Array.from({ length: size * 18 }, (_, i) => i),
    targets: Int32Array.from({ length: size }, (_, i) => i % 5),
    size,
  },
};
const treated = (given: object): Treatment => complete('test', treatmentOptions, given);
const split = (given: object = {}, validation = 0.25, seed = 0, of = data) =>
  splitData(of, treated(given), validation, seed);

describe('splits', () => {
  it('share nothing, hold everything, follow the seed', () => {
    const { train, validation, test } = split();
    expect([train, validation, test].map(({ indices }) => indices.length)).toEqual([120, 40, 40]);
    const all = [train, validation, test].flatMap(({ indices }) => [...indices]).sort((a, b) => a - b);
    expect(all).toEqual([...Array(size).keys()]);
    expect(split().train.indices).toEqual(train.indices);
    expect(split({}, 0.25, 1).train.indices).not.toEqual(train.indices);
  });

  it('of fewer examples are the first of the larger, whatever is held out stays', () => {
    const [whole, part] = [split(), split({ train: 50, test: 10 })];
    expect([...part.train.indices]).toEqual([...whole.train.indices.slice(0, 50)]);
    expect([...part.test.indices]).toEqual([...whole.test.indices.slice(0, 10)]);
    expect(part.validation.indices).toEqual(whole.validation.indices);
  });

  it('keep some classes, renumbered in the order given', () => {
    const { train, test, classes } = split({ classes: [4, 1] });
    expect(classes).toBe(2);
    for (const { indices, classes: own } of [train, test])
      expect([...own!]).toEqual([...indices].map((index) => (index % 5 === 4 ? 0 : 1)));
    expect(train.indices.length + test.indices.length + 16).toBe(80);
  });

  it('have noise in the training labels alone, of the share that is asked, never the right label', () => {
    const { train, validation, test } = split({ labelNoise: 0.4 });
    const wrong = ({ indices, classes }: typeof train): number =>
      classes!.filter((label, i) => label !== indices[i]! % 5).length;
    expect([wrong(train), wrong(validation), wrong(test)]).toEqual([48, 0, 0]);
    // Every other class is as likely: of 120 in four ways, none far from 12.
    const shifts = Array.from(train.classes!, (label, i) => (label - (train.indices[i]! % 5) + 5) % 5);
    for (const shift of [1, 2, 3, 4]) {
      const count = shifts.filter((each) => each === shift).length;
      expect(count).toBeGreaterThan(3);
      expect(count).toBeLessThan(24);
    }
  });

  it.each([
    [{ train: 121 }, /expected train to be at most the 120 examples there, got 121/],
    [{ test: 41 }, /expected test to be at most the 40 examples there, got 41/],
    [{ classes: [1, 5] }, /expected classes to be different numbers below 5, got 5 in \[1,5\]/],
    [{ classes: [1, 1] }, /got 1 in \[1,1\]/],
  ])('refuse %j', (given, message) => {
    expect(() => split(given)).toThrow(message);
  });

  it('refuse a treatment that is not for such data', () => {
    const flat = { ...data, shape: [18] };
    expect(() => split({ flip: true }, 0.25, 0, flat)).toThrow(
      /flip and crop to be of images .*shape \[18\]/,
    );
    expect(() => split({ crop: 1 }, 0.25, 0, flat)).toThrow(/flip and crop/);
    const numbers = { ...data, classes: undefined, outputs: 1 };
    expect(() => split({ labelNoise: 0.1 }, 0.25, 0, numbers)).toThrow(/data with numbers as targets/);
  });
});

describe('normalisation', () => {
  const { train, test } = split();
  const rows = [...Array(train.indices.length).keys()];
  const moments = (values: readonly number[]): [number, number] => {
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return [mean, Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length)];
  };

  it('per channel is of the training split, and the same for the others', () => {
    const by = normalisationOf('channel', data, train);
    const inputs = [...inputsOf(data, train, rows, by)];
    for (const channel of [0, 1]) {
      const [mean, deviation] = moments(inputs.filter((_, i) => i % 2 === channel));
      expect(mean).toBeCloseTo(0, 5);
      expect(deviation).toBeCloseTo(1, 5);
    }
    const [first] = inputsOf(data, test, [0], by);
    const { mean, factor } = by as { mean: Float64Array; factor: Float64Array };
    expect(first).toBeCloseTo((18 * test.indices[0]! - mean[0]!) * factor[0]!, 4);
  });

  it('per example makes each one mean 0 and deviation 1', () => {
    const inputs = inputsOf(data, train, [3, 5], { kind: 'example' });
    for (const part of [inputs.subarray(0, 18), inputs.subarray(18)]) {
      const [mean, deviation] = moments([...part]);
      expect(mean).toBeCloseTo(0, 4);
      expect(deviation).toBeCloseTo(1, 4);
    }
  });
});

describe('augmentation', () => {
  const { train } = split();
  const plain = inputsOf(data, train, [0], { kind: 'none' });
  const at = (image: Float32Array, y: number, x: number, c: number): number => image[(3 * y + x) * 2 + c]!;
  const changed = (given: Augmentation, seed: number): Float32Array =>
    inputsOf(data, train, [0], { kind: 'none' }, { ...given, random: seededRandom(seed) });

  it('flips half of the images, left to right', () => {
    const mirrored = Array.from({ length: 60 }, (_, seed) => changed({ flip: true, crop: 0 }, seed));
    let flipped = 0;
    for (const image of mirrored) {
      const turned = at(image, 0, 0, 0) === at(plain, 0, 2, 0);
      if (turned) flipped++;
      for (let y = 0; y < 3; y++)
        for (let x = 0; x < 3; x++)
          for (let c = 0; c < 2; c++) expect(at(image, y, x, c)).toBe(at(plain, y, turned ? 2 - x : x, c));
    }
    expect(flipped).toBeGreaterThan(15);
    expect(flipped).toBeLessThan(45);
  });

  it('cuts from an image with a border of zeros, every shift of as many pixels', () => {
    const shifts = new Set<string>();
    for (let seed = 0; seed < 200; seed++) {
      const image = changed({ flip: false, crop: 1 }, seed);
      const fits = (down: number, right: number): boolean =>
        [0, 1, 2].every((y) =>
          [0, 1, 2].every((x) => {
            const inside = y + down >= 0 && y + down < 3 && x + right >= 0 && x + right < 3;
            return at(image, y, x, 0) === (inside ? at(plain, y + down, x + right, 0) : 0);
          }),
        );
      const found = [-1, 0, 1].flatMap((down) => [-1, 0, 1].map((right) => [down, right] as const));
      const [shift] = found.filter(([down, right]) => fits(down, right));
      expect(shift).toBeDefined();
      shifts.add(String(shift));
    }
    expect(shifts.size).toBe(9);
  });
});

it('smoothed labels still sum to one', () => {
  const { train, classes } = split();
  const [label] = train.classes!;
  const target = targetsOf(data, train, [0], classes, 0.1);
  expect(target[label!]).toBeCloseTo(0.92, 6);
  expect(target.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
});
