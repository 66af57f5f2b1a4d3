import {
  backendNames,
  describeMiss,
  followGolden,
  goldensOf,
  useBackend,
} from '@tfjs-sam/testing/trajectories';
import { beforeAll, describe, expect, it } from 'vitest';
import { table } from '../src/table.js';
import { formulas } from './reference/formulas.js';
import { bases, generate } from './reference/generate.js';

const models = ['mlp', 'cnn_bn'] as const;

/** Hyper-parameters of a variant's files, and others. */
function hypersOf(variant: string) {
  return [...new Set(goldensOf(variant).map(({ hyper }) => JSON.stringify(hyper)))].map(
    (hyper) => JSON.parse(hyper) as Record<string, unknown>,
  );
}

const cases = Object.keys(formulas).flatMap((variant) =>
  Object.entries(bases).flatMap(([name, base], i) =>
    models.flatMap((model, j) => {
      if (variant === 'sam_on' && model === 'mlp') return [];
      const hypers = hypersOf(variant);
      const hyper = hypers[(i + j) % hypers.length]!;
      return [[`${variant}, ${model}, ${name}`, { variant, model, hyper, base, seed: i + 1 }] as const];
    }),
  ),
);

describe.each([...backendNames])('trajectories that no file holds, on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  it.each(cases)('%s', (_name, about) => {
    const golden = generate(formulas[about.variant]!, about);
    expect(followGolden(golden, table[about.variant]!, true).map(describeMiss)).toEqual([]);
  });
});
