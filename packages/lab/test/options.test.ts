import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { type Declaring, type Kind, sgd } from '@tfjs-sam/core';
import { coreKinds, type Plugin } from '@tfjs-sam/core/registry';
import { labKinds, loadRegistry, main } from '@tfjs-sam/lab';
import { arbitraryConfigs, misspelt } from '@tfjs-sam/testing';
import fc from 'fast-check';
import * as umbrella from 'tfjs-sam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { smallStudy } from './fixtures/cli.js';

// Whatever a part is given by, its function, JSON or the command line: undefined means the default, and a name that the
// declaration lacks is refused with the nearest one.

const registry = await loadRegistry();
const kinds: readonly Kind[] = [...labKinds, ...coreKinds];
const plugins = kinds.flatMap((kind) => registry.list(kind).map((name) => registry.find(name, kind)));
// A whole rule is code: no rule is in the registry, and so no configuration of the variant around one.
const cases = plugins
  .filter(({ name }) => name !== 'rule')
  .map((plugin) => [`${plugin.kind} ${plugin.name}`, plugin] as const);
const folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-options-'));
beforeAll(() => tf.setBackend('cpu'));
afterAll(() => rmSync(folder, { recursive: true }));

type Config = Record<string, unknown>;
const keyOf = ({ kind }: Plugin) => (kind === 'variant' ? 'variant' : 'name');
const writable = ({ options }: Plugin) =>
  Object.keys(options).filter((name) => options[name]!.type !== 'code');

const configsOf = arbitraryConfigs(registry, 'sparse');
const smallestKnown = new Map<Plugin, Config>();

/** A configuration that says what it must and nothing else. */
function smallest(plugin: Plugin): Config {
  const known = smallestKnown.get(plugin);
  if (known) return known;
  const { kind, name, options } = plugin;
  const drawn = fc.sample(configsOf(kind, name), {
    seed: 7,
    numRuns: 50,
  }) as Config[];
  const isRequired = (key: string) => key === keyOf(plugin) || options[key]?.need === 'required';
  const small = drawn.map((each) =>
    Object.fromEntries(Object.entries(each).filter(([key]) => isRequired(key))),
  );
  // Options may contradict one another, which only making the part tells.
  const found = small.find((config) => {
    try {
      const made = registry.build(kind, config as never);
      if (kind === 'variant') (made as tf.Optimizer).dispose();
      return true;
    } catch {
      return false;
    }
  });
  if (!found) throw new Error(`expected a configuration of ${kind} ${name} that can be made`);
  smallestKnown.set(plugin, found);
  return found;
}

/** The message of what is thrown. */
function messageOf(f: () => unknown): string {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected a throw');
}

/** A variant's optimizer, by its function, with its configuration. */
function configByFunction(make: (...args: never[]) => tf.Optimizer, plugin: Plugin, given: Config): unknown {
  const call = make as unknown as (...args: unknown[]) => tf.Optimizer;
  const base = () => sgd({ learningRate: 0.1 });
  const optimizer =
    'base' in plugin.options
      ? call(base(), given)
      : call({ ...('numData' in plugin.options && { numData: 100 }), ...given });
  const config = optimizer.getConfig();
  optimizer.dispose();
  return config;
}

const functions = Object.values(umbrella).flatMap((value) => {
  const { part } = value as Partial<Declaring>;
  // One of code alone is in no registry.
  const isListed = part?.kind === 'variant' && registry.list('variant').includes(part.name);
  return isListed ? [[part.name, value as never, part] as const] : [];
});

describe('by function', () => {
  it('there are functions of variants to try', () => expect(functions.length).toBeGreaterThan(40));

  it.each(functions)('%s', (name, make, part) => {
    const plugin = registry.find(name, 'variant');
    const names = Object.keys(plugin.options).filter((each) => each !== 'base' && each !== 'numData');
    const undefinedAll = Object.fromEntries(names.map((each) => [each, undefined]));
    expect(configByFunction(make, plugin, undefinedAll)).toEqual(configByFunction(make, plugin, {}));
    const known = Object.keys(part.options);
    for (const option of names) {
      const wrong = misspelt(known, option);
      const message = messageOf(() => configByFunction(make, plugin, { [wrong]: 1 }));
      expect(message).toContain(`got "${wrong}". Did you mean "${option}"`);
    }
  });
});

describe('as JSON', () => {
  it.each(cases)('%s', (_, plugin) => {
    const config = smallest(plugin);
    const names = writable(plugin).filter((name) => plugin.options[name]!.need !== 'required');
    const undefinedAll = Object.fromEntries(names.map((name) => [name, undefined]));
    const complete = (json: Config) => registry.complete(plugin.kind, json);
    expect(complete({ ...undefinedAll, ...config })).toEqual(complete(config));
    for (const option of writable(plugin)) {
      const wrong = misspelt(writable(plugin), option);
      const message = messageOf(() => complete({ ...config, [wrong]: 1 }));
      expect(message).toContain(`expected ${wrong} to be an option of ${plugin.name}`);
      expect(message).toContain(`Did you mean "${option}"`);
    }
  });
});

describe('on the command line', () => {
  const base = { name: 'sgd', learningRate: 0.1 };
  /** A configuration of a comparison in which the part stands. */
  const around: Partial<Record<Kind, (part: Config) => Config>> = {
    variant: (part) => part,
    metric: (metric) => ({ variant: 'sam', metric, base }),
    filter: (filter) => ({ variant: 'sam', filter, base }),
    ascent: (ascent) => ({ variant: 'sam', ascent, base }),
    combiner: (combine) => ({ variant: 'sam', combine, base }),
    'base-optimizer': (given) => ({ variant: 'sam', base: given }),
    schedule: (rho) => ({ variant: 'sam', rho, base }),
  };
  /** A study in which it stands. */
  const inStudy: Partial<Record<Kind, (part: Config) => Config>> = {
    task: (task) => ({ ...smallStudy, task }),
    dataset: (dataset) => ({ ...smallStudy, task: { model: 'mlp', dataset } }),
    model: (model) => ({ ...smallStudy, task: { dataset: 'digits', model } }),
    measure: (measure) => ({ ...smallStudy, measures: [measure] }),
  };

  const answer = async (...args: string[]) => {
    let told = '';
    const write = (text: string) => {
      told += text;
      return true;
    };
    const code = await main(args, { stdout: { write }, stderr: { write } } as never);
    return { code, told };
  };

  const reachable = cases.filter(
    ([, { kind, options }]) => (around[kind] ?? inStudy[kind]) && Object.keys(options).length > 0,
  );

  it('every kind with options is among those to try', () => {
    const tried = new Set(reachable.map(([, { kind }]) => kind));
    // Losses stand in no configuration: code hands them to `model.compile`.
    const missing = cases.filter(
      ([, plugin]) => plugin.kind !== 'objective' && !tried.has(plugin.kind) && writable(plugin).length > 0,
    );
    expect(missing.map(([name]) => name)).toEqual([]);
  });

  it.each(reachable)('%s', async (_, plugin) => {
    const [option] = writable(plugin);
    if (option === undefined) return;
    const wrong = misspelt(writable(plugin), option);
    const config = { ...smallest(plugin), [wrong]: 1 };
    const path = join(folder, 'wrong.json');
    const compared = around[plugin.kind];
    writeFileSync(
      path,
      JSON.stringify(compared ? { mine: compared(config) } : inStudy[plugin.kind]!(config)),
    );
    const out = join(folder, 'out');
    const args = compared ? ['variants', '--config', path] : ['run', path, '--workers', '0', '--out', out];
    const { code, told } = await answer(...args);
    expect(told).toContain(`Did you mean "${option}"`);
    expect(code).toBe(2);
  });
});
