import { variantNamed, variantNames, variants } from '@tfjs-sam/lab';
import { describe, expect, it } from 'vitest';
import { loadParts } from '../src/parts/load.js';
import { completeOptimizer } from '../src/trial/optimizer.js';

const base = { name: 'sgd', learningRate: { name: 'cosine', from: 0.05 }, momentum: 0.9 };
const span = { steps: 100, stepsPerEpoch: 10, examples: 300 };

describe('variants', () => {
  it('have names of their own, a line and a source each', () => {
    expect(new Set(variantNames).size).toBe(variants.length);
    expect(variantNames.slice(0, 2)).toEqual(['sgd', 'sam']);
    for (const { name, summary, source } of variants) {
      expect(name).toMatch(/^[a-z-]+$/);
      expect(`${summary}${source}`).not.toContain('\n');
      expect(source).toMatch(/\d{4}/);
    }
    expect(() => variantNamed('none')).toThrow(RangeError);
  });

  it.each(variantNames)(
    '%s is a configuration of the registry, with its radii among its options',
    async (name) => {
      const { registry } = await loadParts();
      const { config, radii } = variantNamed(name);
      const complete = completeOptimizer(registry, { base, ...config }, span);
      for (const radius of radii) expect(complete[radius]).toBeGreaterThan(0);
      // The schedule ends with the training.
      if (name !== 'bsam') {
        expect(complete.base).toMatchObject({
          learningRate: { name: 'cosine', from: 0.05, to: 0, steps: 100 },
        });
      } else expect(complete).toMatchObject({ numData: 300 });
    },
  );
});
