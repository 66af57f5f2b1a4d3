import { seededRandom } from '@tfjs-sam/datasets';
import { describe, expect, it } from 'vitest';
import { bootstrapMean, comparePaired, summariseSeeds } from '../../src/statistics/index.js';
import { bootstrapTrustedFrom } from '../../src/statistics/seeds.js';

const random = seededRandom(11);
const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
/** Test accuracy of one seed: counted on 1,000 images, so that it has ties, and skewed below its ceiling. */
const accuracy = (level: number, spread: number): number =>
  Math.round(1000 * Math.min(1, level + spread * normal())) / 1000;

/** Fraction of `repetitions` in which the interval contains the truth. */
function covered(repetitions: number, holds: () => boolean): number {
  let hits = 0;
  for (let i = 0; i < repetitions; i++) if (holds()) hits++;
  return hits / repetitions;
}

const contains = (interval: { low: number; high: number } | undefined, truth: number): boolean =>
  interval !== undefined && interval.low <= truth && truth <= interval.high;

describe('coverage of 95 % intervals', () => {
  it.each([3, 5, 8, 20])('t interval over %i seeds covers 93 to 97 %', (n) => {
    const share = covered(20_000, () =>
      contains(summariseSeeds(Array.from({ length: n }, () => 3 + normal())).interval, 3),
    );
    expect(share).toBeGreaterThan(0.93);
    expect(share).toBeLessThan(0.97);
  });

  it.each([3, 5, 8, 20])('t interval of paired accuracies over %i seeds covers 93 to 97 %', (n) => {
    const share = covered(3_000, () => {
      const shared = Array.from({ length: n }, () => 0.02 * normal());
      const baseline = shared.map((offset) => accuracy(0.9 + offset, 0.01));
      const arm = shared.map((offset) => accuracy(0.905 + offset, 0.01));
      return contains(comparePaired(arm, baseline).interval, 0.005);
    });
    expect(share).toBeGreaterThan(0.93);
    expect(share).toBeLessThan(0.97);
  });

  it('BCa interval covers 93 to 97 % from the number of pairs on from which it is trusted', () => {
    const share = covered(2_000, () =>
      contains(bootstrapMean(Array.from({ length: bootstrapTrustedFrom }, normal)), 0),
    );
    expect(share).toBeGreaterThan(0.93);
    expect(share).toBeLessThan(0.97);
  });

  it('BCa interval of five pairs is too narrow, as the report says', () => {
    const share = covered(1_000, () => contains(bootstrapMean(Array.from({ length: 5 }, normal)), 0));
    expect(share).toBeLessThan(0.9);
  });
});
