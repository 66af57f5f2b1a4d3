import type * as tf from '@tensorflow/tfjs-core';
import {
  type ConfigOf,
  compose,
  definePart,
  number,
  type PerturbationFilter,
  type PerturbationMetric,
  part,
  type Schedule,
  type SharpnessAwareOptimizer,
  schedule,
  strategyOptions,
  type VariantConfig,
} from '@tfjs-sam/core';
import type { OptimizerConfig, PartConfigs, Registry } from '@tfjs-sam/core/registry';
import { expectTypeOf, it } from 'vitest';

// Checked by the compiler (npm run typecheck), not at run time: `create` here is only ever type-checked.
const options = {
  rho: schedule({ default: 0.05, doc: 'Radius' }),
  power: number({ doc: 'Exponent' }),
  ...strategyOptions,
};

const nested = { inner: schedule({ doc: 'A schedule inside a schedule' }) };

declare module '@tfjs-sam/core' {
  interface ScheduleConfigs {
    'type-nested': ConfigOf<typeof nested>;
  }
  interface VariantConfigs {
    'type-test': VariantConfig<typeof options>;
  }
}

const base = { name: 'momentum', learningRate: 0.05, momentum: 0.9 } as const;
const typed = (check: (registry: Registry) => void) => expectTypeOf(check).toBeFunction();

it('a configuration is typed by the plugins that are imported', () => {
  typed((registry) => {
    expectTypeOf(
      registry.create({ variant: 'sharpness-aware', base }),
    ).toEqualTypeOf<SharpnessAwareOptimizer>();
    registry.create({
      variant: 'type-test',
      power: 2,
      rho: 0.1,
      metric: { name: 'elementwise', eta: 0 },
      base,
    });
    registry.create({
      variant: 'type-test',
      power: 2,
      rho: { name: 'cosine', from: 1, to: 0, steps: 5 },
      base,
    });
    const inner = { name: 'type-nested', inner: { name: 'type-nested', inner: 0.1 } } as const;
    registry.create({ variant: 'type-test', power: 2, rho: inner, base });
    registry.create({
      variant: 'type-test',
      power: 2,
      base: { name: 'clip-by-value', limit: 1, base: { variant: 'type-test', power: 1, base } },
    });
    expectTypeOf(registry.parse).parameter(0).toEqualTypeOf<unknown>();
    expectTypeOf(registry.parse).returns.toEqualTypeOf<OptimizerConfig>();
    expectTypeOf(registry.build('base-optimizer', base)).toEqualTypeOf<tf.Optimizer>();
    expectTypeOf(registry.build<'schedule'>).returns.toEqualTypeOf<Schedule>();
  });
  expectTypeOf<OptimizerConfig['variant']>()
    .extract<'rule' | 'type-test' | 'typo'>()
    .toEqualTypeOf<'rule' | 'type-test'>();
  expectTypeOf<PartConfigs['metric']>().not.toBeAny();
});

it('a misspelt name does not compile', () => {
  typed((registry) => {
    // @ts-expect-error: no such variant
    registry.create({ variant: 'sharpness-awar', base });
    // @ts-expect-error: no such metric
    registry.create({ variant: 'sharpness-aware', metric: { name: 'mongue' }, base });
    // @ts-expect-error: no such base optimizer
    registry.create({ variant: 'sharpness-aware', base: { name: 'momentun', learningRate: 0.05 } });
    // @ts-expect-error: a schedule's name where a metric's belongs
    registry.create({ variant: 'sharpness-aware', metric: { name: 'constant', value: 1 }, base });
    // @ts-expect-error: no such kind
    registry.list('metrics');
  });
});

it('a misspelt, missing or mistyped option does not compile', () => {
  typed((registry) => {
    // @ts-expect-error: no such option
    registry.create({ variant: 'sharpness-aware', rhoo: 0.05, base });
    // @ts-expect-error: no such option of the metric
    registry.create({ variant: 'sharpness-aware', metric: { name: 'monge', eta: 1 }, base });
    // @ts-expect-error: no such option of the base optimizer
    registry.create({ variant: 'sharpness-aware', base: { name: 'sgd', learningRat: 0.05 } });
    // @ts-expect-error: no such option of the schedule inside
    registry.create({ variant: 'type-test', power: 2, rho: { name: 'type-nested', innr: 1 }, base });
    // @ts-expect-error: no such option of the optimizer inside
    registry.build('base-optimizer', { name: 'clip-by-value', limit: 1, base: { name: 'adam', bet: 1 } });
    // @ts-expect-error: power is missing
    registry.create({ variant: 'type-test', base });
    // @ts-expect-error: base is missing
    registry.create({ variant: 'sharpness-aware' });
    // @ts-expect-error: text where a number belongs
    registry.create({ variant: 'type-test', power: '2', base });
    // @ts-expect-error: the name of a metric where its configuration belongs
    registry.create({ variant: 'sharpness-aware', metric: 'monge', base });
  });
});

it('a part of one kind where another belongs does not compile', () => {
  const check = (filter: PerturbationFilter, metric: PerturbationMetric) => {
    // @ts-expect-error: a filter where a metric belongs
    compose({ metric: filter });
    // @ts-expect-error: a metric where a filter belongs
    compose({ filter: metric });
    const fields = { doc: 'd', options: {} };
    // @ts-expect-error: a metric that makes a filter
    definePart({ kind: 'metric', name: 'wrong', ...fields, create: () => filter });
    definePart({ kind: 'filter', name: 'right', ...fields, create: () => filter });
  };
  expectTypeOf(check).toBeFunction();
});

it('a part is created from what its declaration lets through', () => {
  definePart({
    kind: 'schedule',
    name: 'typed',
    doc: 'd',
    options: { ...options, base: part('base-optimizer', { doc: 'Base' }) },
    create: (given) => {
      expectTypeOf(given.rho).toEqualTypeOf<Schedule>();
      expectTypeOf(given.power).toEqualTypeOf<number>();
      expectTypeOf(given.base).toEqualTypeOf<tf.Optimizer>();
      expectTypeOf(given.filter).toEqualTypeOf<PerturbationFilter | undefined>();
      // @ts-expect-error: no such option
      given.rhoo;
      return given.rho;
    },
  });
});
