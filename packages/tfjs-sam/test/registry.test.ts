import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { type ComposedRule, definePart, type GradientOracle, number, tfjsOptimizers } from '@tfjs-sam/core';
import { type OptimizerConfig, pluginOf } from '@tfjs-sam/core/registry';
import { arbitraryConfigs, type Completeness } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as umbrella from '../src/index.js';

const { createDefaultRegistry, SharpnessAwareOptimizer } = umbrella;

/** A rule of a third party: every kind that a variant must name has a member. */
const shrink = definePart({
  kind: 'rule',
  name: 'shrink',
  doc: 'Descends a multiple of the gradient',
  options: { weight: number({ min: 0, max: 1, default: 0.5, doc: 'The multiple' }) },
  create: ({ weight }) => ({
    name: 'shrink',
    direction: (oracle: GradientOracle) => {
      const { loss, gradient } = oracle.evaluate();
      return { loss, direction: gradient.map((tensor) => tf.mul(tensor, weight)) };
    },
  }),
});
const shrinkPlugin = pluginOf(shrink.part, 'third-party');

const registry = createDefaultRegistry([shrinkPlugin]);
const seed = 20_250_211;

beforeAll(async () => {
  await tf.setBackend('cpu');
});

/** What an optimizer made from a configuration says of itself. */
function configOfMade(config: OptimizerConfig): tf.serialization.ConfigDict {
  const optimizer = registry.create(config);
  const made = optimizer.getConfig();
  optimizer.dispose();
  return made;
}

/** What an optimizer says of itself that a loaded model made from a configuration, without the registry. */
function configOfLoaded(config: tf.serialization.ConfigDict): tf.serialization.ConfigDict {
  const optimizer = SharpnessAwareOptimizer.fromConfig(
    SharpnessAwareOptimizer as unknown as tf.serialization.SerializableConstructor<tf.Optimizer>,
    config,
  );
  const loaded = optimizer.getConfig();
  optimizer.dispose();
  return loaded;
}

/** Options that contradict one another: no schema can tell, only the factory. */
const contradictions = [
  /^sgd: expected a momentum > 0 with nesterov/,
  /^hessianLowRankMetric: expected iterations to be/,
  /^hessian-sam: expected outputs/,
  /^mongeMetric: expected iterations\.rank to be/,
  /^nmMask: expected n to be at most m/,
  /^stochasticWeightAverage: expected end >= start/,
  /^warmupCosine: expected steps to be/,
  /: expected a base optimizer without sharpness/,
  /^periodic-sam: expected from to come before until/,
  /^rhoFromLearningRate: expected maxLearningRate to be above minLearningRate/,
  // A schedule that falls below 0, where a learning rate belongs.
  /learningRate to be number >= 0, got -/,
  /^clipBy(GlobalNorm|Value): expected to be inside sampa/,
];

/** A scheduled learning rate takes the place of the wrapped optimizer's own, in its configuration, too. */
const isOverwritten = (config: OptimizerConfig) => JSON.stringify(config).includes('"name":"learning-rate"');

/** A configuration that names variants where it named their presets: what optimizers say of themselves. */
function withoutPresets(config: OptimizerConfig): OptimizerConfig {
  const text = JSON.stringify(config, (key, value) =>
    key === 'variant' ? (registry.find(value, 'variant').presetOf ?? value) : value,
  );
  return JSON.parse(text) as OptimizerConfig;
}

/** Skips a configuration whose options contradict one another; every other error fails the property. */
function unlessContradictory(check: () => void): void {
  try {
    check();
  } catch (error) {
    fc.pre(!contradictions.some((contradiction) => contradiction.test((error as Error).message)));
    throw error;
  }
}

describe('configuration → optimizer → getConfig → configuration', () => {
  const variants = (completeness: Completeness) => {
    const all = arbitraryConfigs(registry, completeness);
    return (variant: string) => all('variant', variant) as fc.Arbitrary<OptimizerConfig>;
  };
  const [complete, sparse] = [variants('complete'), variants('sparse')];

  it.each(registry.list('variant'))('is the identity for %s, when complete', (variant) => {
    const configs = complete(variant);
    const property = fc.property(configs, (config) => {
      unlessContradictory(() => {
        const made = configOfMade(config);
        if (!isOverwritten(config)) expect(made).toEqual(withoutPresets(config));
        expect(JSON.parse(JSON.stringify(made))).toEqual(made);
        expect(configOfMade(registry.parse(made))).toEqual(made);
        expect(configOfLoaded(made)).toEqual(made);
      });
    });
    fc.assert(property, { seed, numRuns: 12 });
  });

  it.each(registry.list('variant'))('completes what is given, for %s', (variant) => {
    const configs = sparse(variant);
    const property = fc.property(configs, (config) => {
      unlessContradictory(() => {
        const parsed = registry.parse(config);
        expect(parsed).toMatchObject(withoutPresets(config));
        expect(registry.parse(parsed)).toEqual(parsed);
        if (isOverwritten(config)) return;
        expect(configOfMade(parsed)).toEqual(parsed);
        expect(configOfMade(config)).toEqual(parsed);
      });
    });
    fc.assert(property, { seed, numRuns: 12 });
  });
});

describe('a composition from plain JSON', () => {
  const text = `{ "variant": "sam", "rho": { "name": "cosine", "from": 0.1, "to": 0.02, "steps": 5000 },
    "metric": { "name": "monge" }, "filter": { "name": "fisher-mask", "sparsity": 0.5 },
    "combine": { "name": "gsam", "alpha": 0.4 }, "base": { "name": "adamw", "learningRate": 1e-3 } }`;

  it('is typed by the plugins that the umbrella brings', () => {
    const typed: OptimizerConfig = {
      variant: 'sam',
      rho: { name: 'cosine', from: 0.1, to: 0.02, steps: 5000 },
      metric: { name: 'monge' },
      filter: { name: 'fisher-mask', sparsity: 0.5 },
      combine: { name: 'gsam', alpha: 0.4 },
      base: { name: 'adamw', learningRate: 1e-3 },
    };
    expect(registry.parse(typed)).toEqual(registry.parse(JSON.parse(text)));
    // @ts-expect-error: a combiner's name where a filter's belongs
    const wrong: OptimizerConfig = { variant: 'sam', filter: { name: 'gsam' }, base: { name: 'adamw' } };
    expect(() => registry.create(wrong)).toThrow(
      'expected filter.name to be one of [chain, dynamic-mask, fisher-mask, ',
    );
  });

  it.each([
    ['m-sam', ['modality-sam', 'momentum-sam', 'msam', 'multistep-sam']],
    ['M-SAM', ['modality-sam', 'momentum-sam', 'msam', 'multistep-sam']],
    ['X_SAM', ['x-sam', 'xsam']],
    ['ssam', ['sl-sam', 'sparse-sam', 'stable-sam']],
    ['fsam', ['focal-sam', 'fisher-sam', 'friendly-sam', 'frob-sam']],
  ])('refuses %s, which papers call several methods, and names them all', (variant, names) => {
    // Among them: variants that are added later may be called so as well.
    const hint = new RegExp(
      `got "${variant}"\\. Did you mean .*${names.map((name) => `"${name}"`).join('.*')}.*\\?`,
    );
    expect(() => registry.parse({ variant, base: { name: 'adamw' } })).toThrow(hint);
    expect(() => registry.describe(variant)).toThrow(hint);
  });

  it('refuses options that the parts of a loaded model do not have', () => {
    const cosine = { name: 'cosine', from: 0.1, to: 0.02, steps: 5 };
    const base = { name: 'sgd', learningRate: 0.1 };
    expect(() => configOfLoaded({ variant: 'sam', rho: { ...cosine, stepz: 5 }, base })).toThrow(
      'cosineDecay: expected an option of [from, to, steps], got "stepz". Did you mean "steps"?',
    );
    expect(() => configOfLoaded({ variant: 'sam', roh: 0.1, base })).toThrow('Did you mean "rho"?');
  });

  it('is the same optimizer as by functions', () => {
    const { adamw, cosineDecay, fisherMask, mongeMetric, sam, surrogateGap } = umbrella;
    const byName = createDefaultRegistry().create(registry.parse(JSON.parse(text)));
    const byFunction = sam(adamw({ learningRate: 1e-3 }), {
      rho: cosineDecay(0.1, 0.02, 5000),
      metric: mongeMetric(),
      filter: fisherMask({ sparsity: 0.5 }),
      combine: surrogateGap({ alpha: 0.4 }),
    });
    const [a, b] = [byName, byFunction].map((optimizer) => {
      const weights = tf.variable(tf.tensor1d([0.3, -4e-4, 1.7, 0.2]));
      const loss = () => tf.sum(tf.mul(tf.tensor1d([1, 0.3, 7, 2]), tf.square(weights))) as tf.Scalar;
      for (let i = 0; i < 3; i++) optimizer.minimize(loss, false, [weights]);
      const values = [...weights.dataSync()];
      weights.dispose();
      optimizer.dispose();
      return values;
    });
    expect(a).toEqual(b);
  });
});

describe('the umbrella', () => {
  const { dependencies } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const packages = Object.keys(dependencies).filter((name) => name !== '@tfjs-sam/core');

  it.each(packages)('has everything that %s exports', async (name) => {
    const variant = (await import(name)) as Record<string, unknown>;
    expect(Object.keys(variant)).not.toEqual([]);
    expect(umbrella).toMatchObject(variant);
  });

  it('has the function of every part that can be named', () => {
    const functions = Object.values(umbrella) as { part?: { kind: string; name: string } }[];
    const made = new Set(functions.flatMap(({ part }) => (part ? [`${part.kind} ${part.name}`] : [])));
    const named = umbrella.defaultPlugins().map(({ kind, name }) => `${kind} ${name}`);
    // SharpnessAwareOptimizer, and TensorFlow.js's own.
    const otherwise = ['variant rule', ...tfjsOptimizers.map(({ part }) => `base-optimizer ${part.name}`)];
    expect(named.filter((name) => !made.has(name))).toEqual(otherwise);
  });

  it('says of every variant and metric when to use it', () => {
    const parts = umbrella.defaultPlugins().filter(({ kind }) => kind === 'variant' || kind === 'metric');
    expect(parts.filter(({ use }) => !use).map(({ name }) => name)).toEqual([]);
    expect(parts.length).toBeGreaterThan(60);
  });

  it('knows what a composed variant is made of', () => {
    const rule = umbrella.zsharp(umbrella.sgd({ learningRate: 0.1 })).rule as ComposedRule;
    expect(rule.strategies.ascent?.config).toEqual({ name: 'z-score', percentile: 0.95 });
    expect(rule.strategies.metric).toBeUndefined();
  });

  it('has a default registry that grows by plugins', () => {
    expect(createDefaultRegistry().list('rule')).toEqual([]);
    expect(registry.list('rule')).toEqual(['shrink']);
    const other = pluginOf({ ...shrink.part, create: () => shrink() }, 'another');
    expect(createDefaultRegistry([shrinkPlugin, shrinkPlugin]).list('rule')).toEqual(['shrink']);
    expect(() => createDefaultRegistry([shrinkPlugin, other])).toThrow('got two: from third-party and');
  });
});
