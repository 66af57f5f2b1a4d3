import { backendNames, useBackend } from '@tfjs-sam/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Base,
  bases,
  soak,
  type Tally,
  tally,
  trained,
  tryFaults,
  tryMagnitudes,
  tryNotFinite,
  trySchedules,
  tryShapes,
  variants,
  type Way,
} from './step-campaign.js';

/** The long form of the campaign: every variant of the umbrella, whatever it needs to be made. */
const everyBase = Object.keys(bases) as Base[];
const everyWay: readonly Way[] = ['minimize', 'shared', 'per-micro-batch'];
const sizes = [1e-38, 1e-30, 1e-20, 1e-10, 1e-3, 1, 1e3, 1e10, 1e20, 1e30];
/** Of the soaks; the whole of it takes hours. */
const soakSteps = Number(process.env.TFJS_SAM_SOAK ?? 300);

const sorts: Readonly<Record<string, (variant: string, tallied: Tally) => Promise<void>>> = {
  'faults in the loss': async (variant, tallied) => {
    for (const base of everyBase)
      for (const way of everyWay) await tryFaults(variant, { base, way, brief: way !== 'minimize' }, tallied);
  },
  'losses that are not finite': async (variant, tallied) => {
    for (const base of everyBase)
      for (const way of everyWay)
        await tryNotFinite(variant, { base, way, brief: way !== 'minimize' }, tallied);
  },
  magnitudes: async (variant, tallied) => {
    for (const base of everyBase) await tryMagnitudes(variant, base, sizes, tallied);
  },
  'odd shapes': async (variant, tallied) => {
    for (const base of everyBase) await tryShapes(variant, base, tallied);
  },
  'bad schedules': async (variant, tallied) => {
    for (const base of ['sgd', 'adamw'] as const) await trySchedules(variant, base, tallied);
  },
  'runs that repeat': async (variant, tallied) => {
    const base = everyBase[variants.indexOf(variant) % everyBase.length]!;
    const bits = await trained(variant, base, { steps: 200 });
    const resumeAt = 1 + ((variants.indexOf(variant) * 37) % 198);
    for (const [name, run] of Object.entries({
      again: { steps: 200 },
      'beside another model': { steps: 200, beside: true },
      [`resumed at step ${resumeAt}`]: { steps: 200, resumeAt },
    })) {
      tallied.tried += 1;
      if ((await trained(variant, base, run)) !== bits)
        tallied.failed.push(`${variant} over ${base}: ${name}`);
    }
  },
  soaks: async (variant, tallied) => {
    const base = everyBase[variants.indexOf(variant) % everyBase.length]!;
    await soak(variant, base, soakSteps, tallied);
  },
};

describe.each([...backendNames])('the step’s contract on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  describe.each(Object.keys(sorts))('%s', (sort) => {
    const whole = tally();
    afterAll(() => {
      const { tried, failed } = whole;
      console.log(
        `${sort} on ${backend}: ${tried} tried, ${tried - failed.length} survived, ${failed.length} failed`,
      );
    });

    it.each(variants)('%s', async (variant) => {
      const found = tally();
      await sorts[sort]!(variant, found);
      whole.tried += found.tried;
      whole.failed.push(...found.failed);
      expect(found.failed).toEqual([]);
      expect(found.tried).toBeGreaterThan(0);
    });
  });
});
