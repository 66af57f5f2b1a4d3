import { describe, expect, it } from 'vitest';
import { SearchError, searchPoints } from '../src/study/search.js';
import { sobol } from '../src/study/sobol.js';

describe('searchPoints', () => {
  it('gives the product of grids, of what is zipped, and of a list', () => {
    const config = {
      optimizer: {
        rho: { grid: [0.1, 0.2] },
        base: { learningRate: { zip: [0.1, 0.01] }, momentum: { zip: [0, 0.9] } },
      },
    };
    const points = searchPoints({ config, list: [{ 'task.epochs': 5 }, { 'task.epochs': 7 }] });
    expect(points).toHaveLength(2 * 2 * 2);
    expect(points[1]).toEqual({
      point: {
        'optimizer.rho': 0.1,
        'optimizer.base.learningRate': 0.1,
        'optimizer.base.momentum': 0,
        'task.epochs': 7,
      },
      config: { optimizer: { rho: 0.1, base: { learningRate: 0.1, momentum: 0 } }, task: { epochs: 7 } },
    });
    expect(searchPoints({ config: { a: 1 } })).toEqual([{ point: {}, config: { a: 1 } }]);
  });

  it('takes parts as values, which replace the search', () => {
    const config = { metric: { grid: [{ name: 'monge' }, null] } };
    expect(searchPoints({ config }).map((each) => each.config)).toEqual([
      { metric: { name: 'monge' } },
      { metric: null },
    ]);
  });

  it('draws the same random and Sobol points every time, within their range', () => {
    const config = {
      rho: { sobol: { from: 0.01, to: 1, scale: 'log' } },
      units: { random: { from: 4, to: 9, integer: true } },
    };
    const points = searchPoints({ config, draws: 15 });
    expect(searchPoints({ config, draws: 15 })).toEqual(points);
    const rhos = points.map(({ config: { rho } }) => rho as number);
    expect(points).toHaveLength(15);
    // 15 points of the sequence hit every sixteenth but one end: half of them lie below the middle, 0.1.
    expect(rhos.filter((rho) => rho < 0.0999)).toHaveLength(7);
    for (const { config: each } of points) {
      expect(each.rho).toBeGreaterThanOrEqual(0.01);
      expect(each.rho).toBeLessThanOrEqual(1);
      expect([4, 5, 6, 7, 8, 9]).toContain(each.units);
    }
  });

  it.each([
    [{ a: { grid: [] } }, 'expected grid to be a list of at least one value'],
    [{ a: { zip: [1, 2] }, b: { zip: [1] } }, 'expected zip to have 2 values, as a, got 1'],
    [{ a: { random: { from: 1, to: 0 } } }, /from < to/],
    [
      { a: { random: 4, from: 1 } },
      /expected { random: { from, to } } and nothing beside it, got also "from"/,
    ],
    [{ a: { sobol: { from: 0, to: 1, scale: 'log' } } }, /from > 0 for log/],
  ])('refuses %j', (config, message) => {
    expect(() => searchPoints({ config })).toThrow(SearchError);
    expect(() => searchPoints({ config })).toThrow(message);
  });
});

describe('sobol', () => {
  it('begins as the published generator does', () => {
    // Joe and Kuo's new-joe-kuo-6 in three dimensions.
    expect(sobol(7, 3)).toEqual([
      [0.5, 0.5, 0.5],
      [0.75, 0.25, 0.25],
      [0.25, 0.75, 0.75],
      [0.375, 0.375, 0.625],
      [0.875, 0.875, 0.125],
      [0.625, 0.125, 0.875],
      [0.125, 0.625, 0.375],
    ]);
  });

  it('hits every interval of every dimension once', () => {
    const points = [Array.from({ length: 10 }, () => 0), ...sobol(63, 10)];
    for (let d = 0; d < 10; d++) {
      expect(new Set(points.map((point) => Math.floor(64 * point[d]!))).size).toBe(64);
    }
  });
});
