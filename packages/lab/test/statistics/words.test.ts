import { describe, expect, it } from 'vitest';
import {
  bandOver,
  comparePaired,
  criticalDifference,
  holm,
  reachedAt,
  signedRankTest,
  stratifiedInterval,
  summariseSeeds,
} from '../../src/statistics/index.js';

describe('summariseSeeds', () => {
  it('says what it cannot say', () => {
    expect(summariseSeeds([0.9])).toMatchObject({ n: 1, mean: 0.9, sd: undefined, interval: undefined });
    expect(summariseSeeds([0.9]).notes).toEqual(['one seed: no interval']);
    expect(summariseSeeds([0.9, 0.9, 0.9])).toMatchObject({ interval: undefined, sd: 0 });
    expect(summariseSeeds([0.9, 0.9, 0.9]).notes[0]).toMatch(/all 3 seeds gave the same number/);
    expect(summariseSeeds([]).notes).toEqual(['no seed has a number']);
  });

  it('counts seeds that diverged, and says that the mean flatters', () => {
    const { n, missing, mean, notes } = summariseSeeds([0.8, Number.NaN, null, 0.9, undefined]);
    expect({ n, missing }).toEqual({ n: 2, missing: 3 });
    expect(mean).toBeCloseTo(0.85, 12);
    expect(notes[0]).toMatch(/^3 of 5 seeds without a number/);
  });
});

describe('comparePaired', () => {
  it('leaves the signed-rank test out below six pairs, and says why', () => {
    const five = comparePaired([2, 3, 4, 5, 7], [1, 1, 1, 1, 1]);
    expect(five.signedRank).toBeUndefined();
    expect(five.notes.join()).toContain('p cannot go below 0.0625, it needs 6');
    expect(signedRankTest([1, 2, 3, 4, 6])?.p).toBe(0.0625);
    expect(comparePaired([2, 3, 4, 5, 7, 9], [1, 1, 1, 1, 1, 1]).signedRank?.p).toBe(0.03125);
  });

  it('says that equal differences have no variance, also where rounding tells them apart', () => {
    const arm = [0.95, 0.96, 0.97].map((value) => Math.fround(value + 0.01));
    const equal = comparePaired(arm, [0.95, 0.96, 0.97].map(Math.fround));
    expect(equal.tTest).toBeUndefined();
    expect(equal.interval).toBeUndefined();
    expect(equal.bootstrap).toBeUndefined();
    expect(equal.detectable).toBeUndefined();
    expect(equal.notes.join()).toContain('the same difference in every pair: no variance');
    expect(comparePaired([1, 2], [1, 2]).notes.join()).toContain('no difference in any pair');
  });

  it('treats differences that rounding tears apart as ties', () => {
    const steps = [1, 1, 2, -1, 3, 2, 1];
    const baseline = [0.91, 0.92, 0.935, 0.94, 0.905, 0.93, 0.915].map(Math.fround);
    const arm = baseline.map((value, i) => Math.fround(value + 0.01 * steps[i]!));
    expect(comparePaired(arm, baseline).signedRank?.p).toBe(signedRankTest(steps)?.p);
  });

  it('drops a pair in which one diverged, and says so', () => {
    const { n, missing, mean, notes } = comparePaired([0.9, null, 0.7], [0.8, 0.9, 0.8]);
    expect({ n, missing }).toEqual({ n: 2, missing: 1 });
    expect(mean).toBeCloseTo(0, 12);
    expect(notes[0]).toMatch(/^1 pair left out/);
    expect(comparePaired([null], [1]).notes).toEqual([
      'no seed has a number in both arms: nothing to compare',
    ]);
    expect(comparePaired([2], [1]).notes).toEqual(['one pair: a difference, but no interval and no test']);
  });

  it('refuses numbers that do not pair', () => {
    expect(() => comparePaired([1, 2], [1])).toThrow(
      'expected as many numbers as the baseline has, 1, got 2',
    );
  });
});

describe('over tasks', () => {
  it('needs two tasks to rank, and groups what is not told apart', () => {
    expect(criticalDifference([[1], [2]])).toBeUndefined();
    // Two arms far above two others on twenty tasks.
    const noise = (task: number, arm: number): number => Math.sin(7 * task + 3 * arm) / 100;
    const scores = [0.9, 0.9, 0.1, 0.1].map((level, arm) =>
      Array.from({ length: 20 }, (_, task) => level + noise(task, arm)),
    );
    const found = criticalDifference(scores);
    expect(found?.groups.map((group) => [...group].sort())).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const tied = criticalDifference([
      [1, 1],
      [1, 1],
    ]);
    expect(tied?.friedman).toBeUndefined();
  });

  it('resamples within tasks, the same on every call', () => {
    const total = (tasks: readonly (readonly number[])[]): number => tasks.flat().reduce((a, b) => a + b, 0);
    const tasks = [
      [0, 2],
      [10, 10],
    ];
    const interval = stratifiedInterval(tasks, total);
    expect(interval).toEqual({ low: 20, high: 24 });
    expect(stratifiedInterval(tasks, total)).toEqual(interval);
  });
});

describe('holm', () => {
  it('does not count tests that do not exist', () => {
    expect(holm([undefined, 0.01, 0.03])).toEqual([undefined, 0.02, 0.03]);
  });
});

describe('curves', () => {
  const run = [
    [10, 0.5],
    [20, 0.7],
    [30, null],
  ] as const;

  it('gives what was reached by a budget, and nothing beyond a run', () => {
    expect(reachedAt(run, 25)).toBe(0.7);
    expect(reachedAt(run, 9)).toBeNull();
    expect(reachedAt(run, 31)).toBeNull();
    expect(reachedAt(run, 30)).toBeNull();
  });

  it('averages where runs share their places, and counts what is missing there', () => {
    const other = run.map(([x]) => [x, 0.9] as const);
    const band = bandOver([run, other]);
    expect(band.map(({ x, n }) => [x, n])).toEqual([
      [10, 2],
      [20, 2],
      [30, 1],
    ]);
    expect(band[0]?.mean).toBeCloseTo(0.7, 12);
  });

  it('averages places too, and counts the runs that ended early', () => {
    const slow = [
      [2, 0.2],
      [4, 0.4],
    ] as const;
    const fast = [[1, 0.1]] as const;
    const band = bandOver([slow, fast]);
    expect(band.map(({ x, n, missing }) => [x, n, missing])).toEqual([
      [1.5, 2, 0],
      [4, 1, 1],
    ]);
    expect(band[0]?.mean).toBeCloseTo(0.15, 12);
    expect(bandOver([])).toEqual([]);
  });
});
