import { backendNames, describeMiss, followGolden, useBackend } from '@tfjs-sam/testing/trajectories';
import { beforeAll, describe, expect, it } from 'vitest';
import { compositions, further } from './reference/further.js';
import { bases, generate } from './reference/generate.js';

const cases = Object.entries({ ...further, ...compositions }).map(
  ([variant, run], i) =>
    [variant, run, (i % 2 ? ['momentum_wd', 'cnn_bn'] : ['adamw', 'mlp']) as [string, 'mlp']] as const,
);

describe.each([...backendNames])('methods without trajectories are their formulas, on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(cases)('%s', (variant, run, [base, model]) => {
    for (const about of [
      { base: bases[base]!, model },
      { base: bases.sgd_wd!, model: model === 'mlp' ? ('cnn_bn' as const) : ('mlp' as const) },
    ]) {
      const golden = generate(run.formula, { variant, ...run, ...about });
      expect(followGolden(golden, run).map(describeMiss), golden.name).toEqual([]);
    }
  });
});
