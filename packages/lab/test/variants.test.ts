import { loadRegistry, variantNamed, variantsOf } from '@tfjs-sam/lab';
import { describe, expect, it } from 'vitest';
import { completeOptimizer } from '../src/trial/optimizer.js';

const base = { name: 'sgd', learningRate: { name: 'cosine', from: 0.05 }, momentum: 0.9 };
const span = { steps: 100, stepsPerEpoch: 10, examples: 300 };

const registry = await loadRegistry();
const variants = variantsOf(registry);
const variantNames = variants.map(({ name }) => name);

describe('variants', () => {
  it('have names of their own, a line and a source each', () => {
    expect(new Set(variantNames).size).toBe(variants.length);
    expect(variantNames[0]).toBe('sgd');
    // The variant and its presets go by the names that configurations use.
    expect(variantNames).toEqual(
      expect.arrayContaining(['sam', 'bisam', 'bisam-tanh', 'sparse-sam', 'sparse-sam-fisher']),
    );
    for (const { name, summary, source } of variants) {
      expect(name).toMatch(/^[a-z-]+$/);
      expect(`${summary}${source}`).not.toContain('\n');
      // A composition has no paper; what provides it stands in its place.
      expect(source).toMatch(/\d{4}|^@tfjs-sam\//);
    }
    expect(() => variantNamed('none', variants)).toThrow(RangeError);
  });

  it.each(variantNames)('%s is a configuration of the registry, with its radii among its options', (name) => {
    const { config, radii } = variantNamed(name, variants);
    const complete = completeOptimizer(registry, { base, ...config }, span);
    for (const radius of radii) expect(complete[radius]).toBeGreaterThan(0);
    // The schedule ends with the training.
    if (name === 'bsam') expect(complete).toMatchObject({ numData: 300 });
    // SASSHA has no base either.
    else if (name !== 'sassha') {
      expect(complete.base).toMatchObject({
        learningRate: { name: 'cosine', from: 0.05, to: 0, steps: 100 },
      });
    }
  });
});
