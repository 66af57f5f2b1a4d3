import { backendNames, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { type Base, tally, tryFaults, tryMagnitudes, tryNotFinite, variants } from './step-campaign.js';

/** The short form of the campaign: every variant, over one base each, a fault of each sort. */
describe.each([...backendNames])('the step’s contract on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  const mine = variants.filter((_, i) => i % backendNames.length === backendNames.indexOf(backend));
  const baseOf = (i: number) => (['sgd', 'adamw', 'adam'] as const satisfies readonly Base[])[i % 3]!;

  it('holds for every variant: faults at each evaluation, a NaN, a huge loss', async () => {
    const found = tally();
    for (const [i, variant] of mine.entries()) {
      const base = baseOf(i);
      await tryFaults(variant, { base, way: 'minimize', brief: true }, found);
      await tryNotFinite(variant, { base, way: 'minimize', brief: true }, found);
      await tryMagnitudes(variant, base, [1e30], found);
    }
    expect(found.failed).toEqual([]);
    // Every variant was made and tried.
    expect(found.tried).toBeGreaterThan(5 * mine.length);
  });
});
