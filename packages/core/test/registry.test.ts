import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import {
  adamw,
  boolean,
  cosineDecay,
  definePart,
  type GradientOracle,
  mongeMetric,
  number,
  sharpnessAware,
} from '../src/index.js';
import {
  corePlugins,
  createRegistry,
  type OptimizerConfig,
  type Plugin,
  pluginsOf,
  schemaOf,
} from '../src/registry/index.js';

const registry = createRegistry(corePlugins);

/** Keeps every second step's perturbation, by a count of its own: state where the registry cannot see it. */
const everySecond = definePart({
  kind: 'filter',
  name: 'every-second',
  doc: 'Perturbs in every second step',
  options: { first: boolean({ default: true, doc: 'Whether step 0 counts' }) },
  create: ({ first }) => {
    let count = first ? 0 : 1;
    return { apply: (perturbation) => perturbation.map((tensor) => tf.mul(tensor, count++ % 2)) };
  },
});

/** A rule whose direction is the sum of all gradients so far, in the state that the optimizer keeps. */
const accumulate = definePart({
  kind: 'rule',
  name: 'accumulate',
  doc: 'Descends the sum of all gradients',
  options: { weight: number({ min: 0, default: 1, doc: 'Weight of the past' }) },
  create: ({ weight }) => ({
    name: 'accumulate',
    direction: (oracle: GradientOracle) => {
      const { loss, gradient } = oracle.evaluate();
      const past = oracle.state.get('sum');
      const sum = gradient.map((tensor, i) => (past ? tf.add(tf.mul(past[i]!, weight), tensor) : tensor));
      oracle.state.set('sum', sum);
      return { loss, direction: sum };
    },
  }),
});

const own = pluginsOf({ everySecond, accumulate }, 'third-party');
const [everySecondPlugin, accumulatePlugin] = own as [Plugin, Plugin];
const extended = createRegistry([...corePlugins, ...own]);

/** The error's message. */
function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected a throw');
}

/** Weights after each of some steps on a quadratic, for optimizers that take turns. */
function trajectories(optimizers: readonly tf.Optimizer[], steps = 4): number[][][] {
  const curvature = tf.tensor1d([1, 0.3, 7]);
  const weights = optimizers.map(() => tf.variable(tf.tensor1d([0.3, -4e-4, 1.7])));
  const paths: number[][][] = optimizers.map(() => []);
  for (let step = 0; step < steps; step++) {
    for (const [i, optimizer] of optimizers.entries()) {
      const loss = () => tf.sum(tf.mul(curvature, tf.square(weights[i]!))) as tf.Scalar;
      optimizer.minimize(loss, false, [weights[i]!]);
      paths[i]!.push([...weights[i]!.dataSync()]);
    }
  }
  tf.dispose([curvature, ...weights]);
  for (const optimizer of optimizers) optimizer.dispose();
  return paths;
}

beforeAll(async () => {
  await tf.setBackend('cpu');
});

describe('create', () => {
  it('builds what the functions build, from nested plain JSON', () => {
    const config: OptimizerConfig = JSON.parse(`{
      "variant": "sharpness-aware", "rho": { "name": "cosine", "from": 0.1, "to": 0.02, "steps": 3 },
      "metric": { "name": "monge" }, "base": { "name": "adamw", "learningRate": 0.01 } }`);
    const byFunction = sharpnessAware(adamw({ learningRate: 0.01 }), {
      rho: cosineDecay(0.1, 0.02, 3),
      metric: mongeMetric(),
    });
    const plain = sharpnessAware(adamw({ learningRate: 0.01 }), { rho: cosineDecay(0.1, 0.02, 3) });
    const [a, b, c] = trajectories([registry.create(config), byFunction, plain]);
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it('gives each optimizer its own state, in closures and in what the optimizer saves', () => {
    const json: unknown[] = [
      {
        variant: 'sharpness-aware',
        filter: { name: 'every-second' },
        base: { name: 'sgd', learningRate: 0.01 },
      },
      { variant: 'rule', rule: { name: 'accumulate' }, base: { name: 'momentum', learningRate: 0.01 } },
    ];
    for (const config of json.map((each) => extended.parse(each))) {
      const [alone] = trajectories([extended.create(config)]);
      const together = trajectories([extended.create(config), extended.create(config)]);
      expect(together).toEqual([alone, alone]);
    }
  });

  it('reports steps to who listens, which is no part of the configuration', async () => {
    const steps: number[] = [];
    const config = registry.parse({
      variant: 'sharpness-aware',
      reportEvery: 2,
      base: { name: 'sgd', learningRate: 0.01 },
    });
    const optimizer = registry.create(config, { onStep: ({ step }) => steps.push(step) });
    expect(optimizer.getConfig()).toEqual(config);
    trajectories([optimizer]);
    await vi.waitFor(() => expect(steps).toEqual([0, 2]));
  });

  it('builds parts of any kind', () => {
    const base = registry.build('base-optimizer', { name: 'momentum', learningRate: 0.05, momentum: 0.8 });
    expect(base.getConfig()).toEqual({ learningRate: 0.05, momentum: 0.8, useNesterov: false });
    expect(registry.build('schedule', 3)).toBe(3);
    base.dispose();
  });
});

describe('configurations', () => {
  it('are complete after parse, and what getConfig says', () => {
    const complete = extended.parse({
      variant: 'sharpness-aware',
      filter: { name: 'every-second' },
      base: { name: 'sgd', learningRate: { name: 'step', from: 0.1, factor: 0.5, every: 10 } },
    });
    expect(complete).toEqual({
      variant: 'sharpness-aware',
      rho: 0.05,
      objective: 'descent',
      filter: { name: 'every-second', first: true },
      onNonFinite: 'pass',
      freshDraws: false,
      checkLoss: true,
      reportEvery: 1,
      base: {
        name: 'sgd',
        learningRate: { name: 'step', from: 0.1, factor: 0.5, every: 10 },
        momentum: 0,
        nesterov: false,
        weightDecay: 0,
      },
    });
    const optimizer = extended.create(complete);
    expect(optimizer.getConfig()).toEqual(complete);
    optimizer.dispose();
  });

  it('of a rule of a third party that wrote none are known, too', () => {
    const config = extended.parse({
      variant: 'rule',
      rule: { name: 'accumulate', weight: 0.5 },
      base: { name: 'tfjs-sgd', learningRate: 1 },
    });
    const optimizer = extended.create(config);
    expect(optimizer.getConfig()).toEqual(config);
    optimizer.dispose();
  });
});

describe('a wrong configuration', () => {
  const wrong = (json: unknown) => messageOf(() => extended.parse(json));

  it('names the nearest names and all that are known', () => {
    expect(wrong({ variant: 'sharpnes-aware' })).toBe(
      'registry: expected variant to be one of [sharpness-aware, rule], got "sharpnes-aware". Did you mean "sharpness-aware"?',
    );
    expect(wrong({ variant: 'rule', rule: { name: 'x' }, base: { name: 'sdg', learningRate: 1 } })).toMatch(
      /^registry: expected rule\.name to be one of \[accumulate], got "x"\.\nregistry: expected base\.name to be one of \[sgd, adamw, .*], got "sdg"\. Did you mean "sgd"/,
    );
  });

  it('names path, value and what is accepted', () => {
    const json = {
      variant: 'sharpness-aware',
      rho: -1,
      metrik: { name: 'monge' },
      metric: { name: 'elementwise', eta: -3 },
      onNonFinite: 'ignore',
      filter: { name: 'every-second', first: 1 },
      ascent: 'friendly',
      base: { name: 'momentum', momentum: 1, useNestrov: true },
    };
    expect(wrong(json).split('\n')).toEqual([
      'registry: expected rho to be number or schedule >= 0, got -1.',
      'registry: expected metric.eta to be number >= 0, got -3.',
      'registry: expected filter.first to be boolean, got 1.',
      'registry: expected ascent to be one of [], got "friendly".',
      'registry: expected onNonFinite to be "pass" or "skip", got "ignore".',
      'registry: expected base.learningRate to be number >= 0, got nothing.',
      'registry: expected base.momentum to be number [0, 1), got 1.',
      'registry: expected base.useNestrov to be an option of momentum (learningRate, momentum, useNesterov), got true. Did you mean "useNesterov"?',
      'registry: expected metrik to be an option of sharpness-aware (rho, metric, filter, ascent, objective, combine, onNonFinite, groups, randomSeed, freshDraws, checkLoss, runs, reportEvery, base), got {"name":"monge"}. Did you mean "metric"?',
    ]);
  });

  it('may name a part alone where it needs no option', () => {
    const base = { name: 'sgd', learningRate: 0.1 };
    const [bare, whole] = ['monge', { name: 'monge' }].map((metric) =>
      registry.parse({ variant: 'sharpness-aware', metric, base }),
    );
    expect(bare).toEqual(whole);
    expect(registry.complete('metric', 'monge')).toEqual({ name: 'monge', ...mongeMetric().config });
    expect(wrong('sharpness')).toMatch(
      /^registry: expected the configuration to be one of \[.*got "sharpness"/,
    );
    expect(wrong({ variant: 'sharpness-aware', base: 'sgd' })).toBe(
      'registry: expected base.learningRate to be number or schedule >= 0, got nothing.',
    );
  });

  it.each([[undefined], [null], [3], [[]]])('that is %j is refused', (json) => {
    expect(wrong(json)).toContain(
      'registry: expected the configuration to be an object { variant: one of [sharpness-aware, rule',
    );
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('with rho %s is refused', (rho) => {
    const config = { variant: 'sharpness-aware', rho, base: { name: 'sgd', learningRate: 1 } } as const;
    expect(messageOf(() => registry.create(config))).toBe(
      `registry: expected rho to be number or schedule >= 0, got ${rho}.`,
    );
  });

  it('that only the factory can judge is refused by the factory', () => {
    const base = { name: 'sgd', learningRate: 1, nesterov: true } as const;
    const make = () => registry.create({ variant: 'sharpness-aware', base });
    expect(messageOf(make)).toBe('sgd: expected a momentum > 0 with nesterov, got 0');
  });
});

describe('a registry', () => {
  it('refuses two plugins of one name and kind, naming both packages', () => {
    const other = { ...everySecondPlugin, create: () => everySecond(), package: 'another' };
    const again = { ...other, package: 'third-party' };
    expect(createRegistry([everySecondPlugin, again]).find('every-second')).toBe(again);
    expect(messageOf(() => createRegistry([everySecondPlugin, other]))).toBe(
      'registry: expected one filter named "every-second", got two: from third-party and another',
    );
    expect(() =>
      createRegistry([everySecondPlugin, { ...accumulatePlugin, name: 'every-second' }]),
    ).not.toThrow();
  });

  it('is complete once created', () => {
    const plugins: Plugin[] = [...corePlugins];
    const created = createRegistry(plugins);
    plugins.push(everySecondPlugin);
    expect(created.list('filter')).toEqual(['chain']);
    expect(Object.isFrozen(created)).toBe(true);
  });

  it('lists names by kind and finds plugins', () => {
    expect(extended.list('variant')).toEqual(['sharpness-aware', 'rule']);
    expect(extended.list('filter')).toEqual(['chain', 'every-second']);
    expect(registry.list('filter')).toEqual(['chain']);
    expect(extended.find('every-second')).toBe(everySecondPlugin);
    expect(messageOf(() => extended.find('monge', 'filter'))).toBe(
      'registry: expected one of [chain, every-second], got "monge".',
    );
    expect(messageOf(() => extended.describe('adamv'))).toMatch(/got "adamv"\. Did you mean "adamw"/);
  });

  it('describes options: name, type, description, default, range', () => {
    expect(registry.describe('sharpness-aware')[0]).toEqual({
      name: 'rho',
      type: 'number or schedule',
      description: "Radius ρ in the metric's norm",
      default: 0.05,
      range: '>= 0',
      required: false,
    });
    const rows = [
      ...registry.describe('momentum'),
      ...registry.describe('step'),
      ...registry.describe('adam'),
    ];
    expect(
      rows.map(({ name, type, default: value, range, required }) => [name, type, value, range, required]),
    ).toEqual([
      ['learningRate', 'number', undefined, '>= 0', true],
      ['momentum', 'number', 0.9, '[0, 1)', false],
      ['useNesterov', 'boolean', false, '', false],
      ['from', 'number', undefined, '', true],
      ['factor', 'number', undefined, '(0, 1]', true],
      ['every', 'integer', undefined, '>= 1', true],
      ['learningRate', 'number', 0.001, '>= 0', false],
      ['beta1', 'number', 0.9, '[0, 1)', false],
      ['beta2', 'number', 0.999, '[0, 1)', false],
      ['epsilon', 'number', 1e-7, '> 0', false],
    ]);
  });

  it('has a description for every option of core', () => {
    for (const { name, kind } of corePlugins) {
      for (const row of registry.describe(name, kind))
        expect(row.description, `${name}.${row.name}`).not.toBe('');
    }
  });

  it('exports a JSON Schema that accepts what parse accepts, and nothing else', () => {
    const schema = z.fromJSONSchema(JSON.parse(JSON.stringify(extended.jsonSchema())));
    const base = { name: 'sgd', learningRate: 0.1 };
    const cases: [unknown, boolean][] = [
      [{ variant: 'sharpness-aware', rho: 0.1, metric: { name: 'monge' }, base }, true],
      [{ variant: 'sharpness-aware', rho: { name: 'linear', from: 1, to: 0, steps: 5 }, base }, true],
      [{ variant: 'rule', rule: { name: 'accumulate' }, base: { name: 'adam' } }, true],
      [{ variant: 'sharpness-aware', rho: -1, base }, false],
      [{ variant: 'sharpness-aware', metric: { name: 'adam' }, base }, false],
      [{ variant: 'sharpness-aware', radius: 1, base }, false],
      [{ variant: 'sharpness-aware', rho: { name: 'linear', from: 1, to: 0, steps: 0.5 }, base }, false],
      [{ variant: 'sharpness-aware' }, false],
      [{ variant: 'sam', base }, false],
    ];
    for (const [json, accepted] of cases) {
      expect(schema.safeParse(json).success, JSON.stringify(json)).toBe(accepted);
      if (accepted) expect(() => extended.parse(json)).not.toThrow();
      else expect(() => extended.parse(json)).toThrow(RangeError);
    }
  });
});

describe('plugins', () => {
  it.each([
    [{ kind: 'metrics' }, 'expected a kind of [variant, metric, '],
    [{ name: '' }, 'expected a plugin with a name, a non-empty string, got '],
    [{ create: {} }, 'expected a function create, got [object Object]'],
    [{ options: null }, 'expected options to be declarations, got null'],
    [{ options: { name: number({ doc: 'taken' }) } }, 'expected no option called "name"'],
  ])('of the wrong shape are refused: %j', (fields, message) => {
    const plugin = { ...everySecondPlugin, ...fields } as Plugin;
    expect(() => createRegistry([plugin])).toThrow(TypeError);
    expect(messageOf(() => createRegistry([plugin]))).toContain(message);
  });

  it('are what a module exports and definePart made', () => {
    expect(pluginsOf({ everySecond, again: everySecond, other: 1 }, 'them')).toEqual([
      { ...everySecond.part, package: 'them' },
    ]);
    expect(messageOf(() => pluginsOf({ plugin: 3 }, 'them'))).toBe(
      'them: expected exports that definePart or defineVariant made, got plugin',
    );
  });

  it('of core are all that it exports: core-parts.ts lists them', async () => {
    const exported = pluginsOf(await import('../src/index.js'), '@tfjs-sam/core');
    const names = (plugins: readonly Plugin[]) => plugins.map(({ kind, name }) => `${kind} ${name}`);
    expect(names(corePlugins)).toEqual(expect.arrayContaining(names(exported)));
  });

  it('may be of kinds that the registry is told of', () => {
    const dataset = { ...everySecondPlugin, kind: 'dataset' } as unknown as Plugin;
    const kinds = ['dataset'] as unknown as Plugin['kind'][];
    expect(createRegistry([dataset], { kinds }).list(kinds[0]!)).toEqual(['every-second']);
  });

  it('have nested parts that only a registry can parse', () => {
    const json = { rho: 1, base: { name: 'sgd', learningRate: 1 } };
    expect(messageOf(() => schemaOf(registry.find('sharpness-aware').options).parse(json))).toBe(
      'registry: expected a schedule to be parsed by a registry, got a parse outside one',
    );
  });
});
