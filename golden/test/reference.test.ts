import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { goldenFolder, readGolden } from '@tfjs-sam/testing/trajectories';
import { describe, expect, it } from 'vitest';
import { formulas } from './reference/formulas.js';
import { Session } from './reference/session.js';

const goldens = readdirSync(goldenFolder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => readGolden(join(goldenFolder, file)))
  .filter(({ role }) => role !== 'quirk');

/** Both sides are float64; power iterations by differences lose half the digits. */
const toleranceOf = (variant: string) => (variant === 'eigen_sam' ? 1e-8 : 1e-11);

describe('the formulas in float64 are the published code', () => {
  it.each(goldens.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
    const session = new Session(golden);
    const formula = formulas[golden.variant]!;
    for (const step of golden.steps) {
      session.advance(formula);
      const expected = Object.values(step.parameters).flat();
      const worst = Math.max(...session.theta.flat().map((value, i) => Math.abs(value - expected[i]!)));
      expect(worst, `step ${step.step}`).toBeLessThan(toleranceOf(golden.variant));
      const statistics = Object.values(step.buffers ?? {}).flat();
      for (const [i, value] of session.buffers.flat().entries())
        expect(value).toBeCloseTo(statistics[i]!, 10);
    }
  });
});
