import { Container } from 'inversify';
import type { Kind, PartConfigs, PartTypes } from '../declare/kinds.js';
import type { AnyOption } from '../declare/option.js';
import type { SharpnessAwareOptimizer } from '../driver/optimizer.js';
import type { DriverOptions } from '../driver/options.js';
import type { OptimizerConfig } from '../kinds.js';
import { documentOf, type JsonSchema, nameKey, type OptionRow, optionRows } from './json-schema.js';
import { coreKinds, type Plugin, requirePlugin } from './plugin.js';
import { unknownName } from './problems.js';
import { type Directory, resolveConfig } from './resolution.js';

/** Makes optimizers and their parts from configurations. Complete once created: nothing is added later. */
export interface Registry {
  /**
   * Makes an optimizer from its configuration.
   *
   * @param run - What belongs to a run and not to a configuration: who hears of steps.
   * @throws RangeError with a line for each thing that is wrong: path, what is accepted, value, nearest names.
   */
  create(config: OptimizerConfig, run?: Pick<DriverOptions, 'onStep'>): SharpnessAwareOptimizer;
  /** Makes a part of any kind: `build('base-optimizer', { name: 'adamw' })`. @throws RangeError as `create`. */
  build<K extends Kind>(kind: K, config: PartConfigs[K]): PartTypes[K];
  /**
   * Checks a configuration of unknown origin, a parsed file for instance.
   *
   * @returns It, complete: every option that has a default is written out, as `getConfig` of its optimizer does.
   * @throws RangeError as `create`.
   */
  parse(json: unknown): OptimizerConfig;
  /**
   * Checks a configuration of a part of any kind, as `parse` does that of an optimizer. A part may be given by its bare
   * name where none of its options is required.
   *
   * @param locate - What becomes of paths of files. Default: they stay.
   * @throws RangeError as `create`.
   */
  complete<K extends Kind>(kind: K, json: unknown, locate?: (path: string) => string): PartConfigs[K];
  /** The names of a kind, in the order in which they were given. */
  list(kind: Kind): string[];
  /** The plugin of a name; of the first kind that has it where no kind is given. @throws RangeError for an unknown name. */
  find(name: string, kind?: Kind): Plugin;
  /** The options table of a plugin. @throws RangeError for an unknown name. */
  describe(name: string, kind?: Kind): OptionRow[];
  /** Every accepted configuration as one JSON Schema, with which editors check and complete files. */
  jsonSchema(): JsonSchema;
}

const tokenOf = (kind: Kind, name: string) => `${kind}:${name}`;

/**
 * A registry of plugins.
 *
 * @param options - `kinds`: further kinds that plugins may be of.
 * @throws TypeError when a plugin is malformed; Error when two have one kind and name, naming both packages.
 */
export function createRegistry(
  plugins: readonly Plugin[],
  { kinds: more = [] }: { readonly kinds?: readonly Kind[] } = {},
): Registry {
  const kinds = [...new Set<Kind>([...coreKinds, ...more])];
  const known = new Map<string, Plugin>();
  for (const plugin of plugins) {
    requirePlugin(plugin, kinds);
    const token = tokenOf(plugin.kind, plugin.name);
    const first = known.get(token);
    // Two packages may export one part; a package that is loaded twice, or again, offers its last one.
    if (first && first.create !== plugin.create && first.package !== plugin.package) {
      throw new Error(
        `registry: expected one ${plugin.kind} named "${plugin.name}", got two: from ${first.package} and ${plugin.package}`,
      );
    }
    if (first?.create !== plugin.create) known.set(token, plugin);
  }
  const container = new Container();
  for (const [token, plugin] of known) container.bind<Plugin>(token).toConstantValue(plugin);
  const all = [...known.values()];
  return Object.freeze(new PluginRegistry(container, all, kinds));
}

const isLocation = (option: AnyOption | undefined) => option?.type === 'text' && option.location === true;

class PluginRegistry implements Registry, Directory {
  readonly #container: Container;
  readonly #plugins: readonly Plugin[];
  readonly #kinds: readonly Kind[];

  constructor(container: Container, plugins: readonly Plugin[], kinds: readonly Kind[]) {
    this.#container = container;
    this.#plugins = plugins;
    this.#kinds = kinds;
  }

  create(config: OptimizerConfig, run: Pick<DriverOptions, 'onStep'> = {}): SharpnessAwareOptimizer {
    return this.#build('variant', config, run);
  }

  build<K extends Kind>(kind: K, config: PartConfigs[K]): PartTypes[K] {
    return this.#build(kind, config, {});
  }

  #build<K extends Kind>(kind: K, config: PartConfigs[K], run: object): PartTypes[K] {
    // Parts live in a container of their own: no optimizer meets another's.
    const scope = new Container({ parent: this.#container });
    return resolveConfig(this, kind, config, (plugin, options) => {
      const token = Symbol(tokenOf(plugin.kind, plugin.name));
      scope
        .bind(token)
        .toDynamicValue(() => plugin.create(plugin.kind === 'variant' ? { ...options, ...run } : options))
        .inSingletonScope();
      return scope.get(token);
    }) as PartTypes[K];
  }

  parse(json: unknown): OptimizerConfig {
    return this.complete('variant', json);
  }

  complete<K extends Kind>(kind: K, json: unknown, locate = (path: string) => path): PartConfigs[K] {
    return resolveConfig(this, kind, json, ({ kind: own, name, presetOf, options: declared }, options) => ({
      [nameKey(own)]: presetOf ?? name,
      ...Object.fromEntries(
        Object.entries(options).map(([option, value]) => [
          option,
          isLocation(declared[option]) && typeof value === 'string' ? locate(value) : value,
        ]),
      ),
    })) as PartConfigs[K];
  }

  list(kind: Kind): string[] {
    return this.#plugins.filter((plugin) => plugin.kind === kind).map(({ name }) => name);
  }

  find(name: string, kind?: Kind): Plugin {
    const found = (kind ? [kind] : this.#kinds).find((candidate) =>
      this.#container.isBound(tokenOf(candidate, name)),
    );
    if (found) return this.#container.get<Plugin>(tokenOf(found, name));
    const known = kind ? this.list(kind) : [...new Set(this.#kinds.flatMap((each) => this.list(each)))];
    const { expected, hint } = unknownName(name, known);
    throw new RangeError(`registry: expected ${expected}, got "${name}".${hint ? ` ${hint}` : ''}`);
  }

  describe(name: string, kind?: Kind): OptionRow[] {
    return optionRows(this.find(name, kind));
  }

  jsonSchema(): JsonSchema {
    return documentOf(this.#plugins, this.#kinds);
  }

  plugin(kind: Kind, name: string): Plugin | undefined {
    const token = tokenOf(kind, name);
    return this.#container.isBound(token) ? this.#container.get<Plugin>(token) : undefined;
  }
}
