import type { Plugin, Registry } from '@tfjs-sam/core/registry';
import { createDefaultRegistry, defaultPlugins } from 'tfjs-sam';
import { z } from 'zod';
import { protoPath, readConfigText } from './config-text.js';
import { UsageError } from './errors.js';
import { loadPlugins } from './plugin-modules.js';
import type { JsonObject } from './study/paths.js';
import { completeOptimizer } from './trial/optimizer.js';
import type { Variant } from './variant.js';
import { variantNames, variants } from './variants.js';

/** What may stand behind a name in a file of configurations: checked by the registry when it is made. */
const file = z.record(z.string().regex(/^[\w.-]+$/), z.looseObject({ variant: z.string() }));

/** A variant that the registry makes, over the base that all arms share unless it has none or names one. */
function configured(
  registry: Registry,
  config: JsonObject & { readonly variant: string },
  about: Pick<Variant, 'name' | 'summary' | 'source'>,
): Variant {
  const shape = registry.find(config.variant, 'variant').options;
  return { ...about, radii: 'rho' in shape && config.rho === undefined ? ['rho'] : [], config };
}

/** Completes it once, so that a mistake is told before anything trains. */
function tried(registry: Registry, { config }: Variant): void {
  const base = { name: 'sgd', learningRate: 0.1 };
  const span = { steps: 1, stepsPerEpoch: 1, examples: 1 };
  completeOptimizer(registry, { base, ...config }, span);
}

/** The text of a mistake, on one line. */
const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).replaceAll('\n', ' ');

function readConfigs(path: string): z.output<typeof file> {
  try {
    const given = JSON.parse(readConfigText(path)) as unknown;
    const strange = protoPath(given);
    if (strange) throw new RangeError(`expected another key, got "${strange.join('.')}"`);
    return file.parse(given);
  } catch (error) {
    const reason = error instanceof z.ZodError ? error.issues[0]!.message : messageOf(error);
    throw new UsageError(
      `--config: expected a JSON file of configurations by name, { "mine": { "variant": "sam" } }, got "${path}": ${reason}`,
    );
  }
}

function fromFile(registry: Registry, path: string): Variant[] {
  return Object.entries(readConfigs(path)).map(([name, config]) => {
    if (variantNames.includes(name)) {
      throw new UsageError(`--config: expected names of your own, got "${name}", which is built in`);
    }
    try {
      const summary = `${JSON.stringify(config)}`;
      const made = configured(registry, config as JsonObject & { variant: string }, {
        name,
        summary,
        source: path,
      });
      tried(registry, made);
      return made;
    } catch (error) {
      throw new UsageError(`--config: ${name} in "${path}": ${messageOf(error)}`);
    }
  });
}

/** The registry of everything that is built in and of the plugins. */
function registryWith(plugins: readonly Plugin[]): Registry {
  try {
    return createDefaultRegistry(plugins);
  } catch (error) {
    throw new UsageError(`--plugin: ${messageOf(error)}`);
  }
}

/** What extends the built-in variants. */
export interface CatalogOptions {
  /** Modules whose plugins are added: names of packages or paths. */
  readonly plugin?: readonly string[] | undefined;
  /** Path of a JSON file of configurations by name. */
  readonly config?: string | undefined;
}

/** The registry, and every variant that a comparison can name. */
export interface Catalog {
  readonly registry: Registry;
  readonly variants: readonly Variant[];
}

/**
 * The built-in variants, those of plugins, and those that a file of configurations composes.
 *
 * @throws UsageError when a plugin or the file cannot be used.
 */
export async function createCatalog({ plugin = [], config }: CatalogOptions): Promise<Catalog> {
  const plugins = await loadPlugins(plugin);
  const registry = registryWith(plugins);
  const own = new Set(defaultPlugins().map((built) => `${built.package} ${built.kind} ${built.name}`));
  const further = plugins.filter((each) => !own.has(`${each.package} ${each.kind} ${each.name}`));
  const shadow = further.find(({ kind, name }) => kind === 'variant' && variantNames.includes(name));
  if (shadow)
    throw new UsageError(`--plugin: expected names of its own, got "${shadow.name}", which is built in`);
  const added = further
    .filter(({ kind }) => kind === 'variant')
    .map(({ name, doc, package: source }) =>
      configured(registry, { variant: name }, { name, summary: doc, source }),
    );
  const composed = config === undefined ? [] : fromFile(registry, config);
  return { registry, variants: [...variants, ...added, ...composed] };
}
