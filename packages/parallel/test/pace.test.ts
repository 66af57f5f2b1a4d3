import { describe, expect, it } from 'vitest';
import { Pace } from '../src/pace.js';

/** Takes steps, each of the time of its way. @returns Which were shared. */
function take(pace: Pace, steps: number, { shared, alone }: { shared: number; alone: number }): boolean[] {
  return Array.from({ length: steps }, () => {
    const { shares } = pace;
    pace.learn(shares ? shared : alone);
    return shares;
  });
}
const shareOf = (shared: readonly boolean[]) => shared.filter(Boolean).length / shared.length;

describe('the pace of workers', () => {
  it('shares where that is faster, and tries seldom', () => {
    const pace = new Pace();
    expect(take(pace, 8, { shared: 6, alone: 10 })).toEqual(Array(8).fill(true));
    take(pace, 4, { shared: 6, alone: 10 });
    expect(pace.rests).toBe(false);
    take(pace, 2_000, { shared: 6, alone: 10 });
    expect(shareOf(take(pace, 2_000, { shared: 6, alone: 10 }))).toBeGreaterThan(0.98);
  });

  it('rests after the first trial where it is slower, and costs hardly more than one thread', () => {
    const pace = new Pace();
    take(pace, 12, { shared: 30, alone: 10 });
    expect(pace.rests).toBe(true);
    const shared = shareOf(take(pace, 1_000, { shared: 30, alone: 10 }));
    expect(1 + shared * (30 / 10 - 1)).toBeLessThan(1.1);
    expect(shared).toBeGreaterThan(0);
  });

  it('notices a neighbour within few steps, and its leaving in the end', () => {
    const pace = new Pace();
    take(pace, 2_000, { shared: 6, alone: 10 });
    take(pace, 48, { shared: 25, alone: 10 });
    expect(pace.rests).toBe(true);
    take(pace, 600, { shared: 25, alone: 10 });
    take(pace, 600, { shared: 6, alone: 10 });
    expect(pace.rests).toBe(false);
  });

  it('is not turned by single steps that take long', () => {
    const pace = new Pace();
    for (let step = 0; step < 3_000; step++) {
      const usual = pace.shares ? 6 : 10;
      pace.learn(step % 4 === 0 ? 10 * usual : usual);
    }
    expect(pace.rests).toBe(false);
  });

  it('does not change between equals', () => {
    const pace = new Pace();
    take(pace, 500, { shared: 10, alone: 9.9 });
    expect(pace.rests).toBe(false);
  });
});
