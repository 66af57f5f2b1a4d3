import type { Registry } from '@tfjs-sam/core/registry';
import * as z from 'zod';
import { protoPath, readConfigText } from './config-text.js';
import { UsageError } from './errors.js';
import { loadRegistry } from './parts/load.js';
import type { JsonObject } from './study/paths.js';
import { completeOptimizer } from './trial/optimizer.js';
import { radiiOf, type Variant, variantsOf } from './variants.js';

/** The values that a name may have in a file of configurations: checked by the registry when it is made. */
const file = z.record(z.string().regex(/^[\w.-]+$/), z.looseObject({ variant: z.string() }));

/** A variant that the registry makes, over the base that all arms share unless it has none or names one. */
function composed(registry: Registry, name: string, config: JsonObject, source: string): Variant {
  const radii = radiiOf(registry.find(String(config.variant), 'variant'));
  return {
    name,
    summary: JSON.stringify(config),
    source,
    // A radius that the file gives is not searched.
    radii: radii.filter((option) => config[option] === undefined),
    config,
  };
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

function fromFile(registry: Registry, builtIn: readonly Variant[], path: string): Variant[] {
  return Object.entries(readConfigs(path)).map(([name, config]) => {
    if (builtIn.some((variant) => variant.name === name)) {
      throw new UsageError(`--config: expected names of your own, got "${name}", which is built in`);
    }
    try {
      const made = composed(registry, name, config as JsonObject, path);
      tried(registry, made);
      return made;
    } catch (error) {
      throw new UsageError(`--config: ${name} in "${path}": ${messageOf(error)}`);
    }
  });
}

/** Extensions of the built-in variants. */
export interface CatalogOptions {
  /** Modules whose parts are added: names of packages or paths. */
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
  const registry = await loadRegistry(plugin, '--plugin');
  const known = variantsOf(registry);
  return {
    registry,
    variants: [...known, ...(config === undefined ? [] : fromFile(registry, known, config))],
  };
}
