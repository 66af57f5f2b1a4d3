import type { Kind } from '../declare/kinds.js';
import type { Declaring, Part } from '../declare/part.js';

/** A citizen of a registry: a declared part, and the package that provides it. */
export interface Plugin<K extends Kind = Kind> extends Part<K> {
  /** The npm package that provides it, for messages. */
  readonly package: string;
}

/** The kinds that core knows, in the order in which `describe` looks a name up. A registry may know more. */
export const coreKinds = [
  'variant',
  'metric',
  'objective',
  'filter',
  'combiner',
  'ascent',
  'rule',
  'base-optimizer',
  'schedule',
] as const satisfies readonly Kind[];

/** A part as a package provides it. */
export function pluginOf<K extends Kind>(part: Part<K>, provider: string): Plugin<K> {
  return { ...part, package: provider };
}

/**
 * The parts that a module exports: every function that was made by `definePart`, `defineVariant` or `definePreset`, but
 * those that require what only code can give.
 *
 * @param module - A module's namespace, from `await import(specifier)`.
 * @param specifier - The module's name, for messages.
 * @throws TypeError when there is none.
 */
export function pluginsOf(module: object, specifier: string): readonly Plugin[] {
  const parts = Object.values(module).flatMap((value: Partial<Declaring> | undefined) => value?.part ?? []);
  const own = [...new Set(parts)].filter(
    (part) => typeof part.kind === 'string' && typeof part.name === 'string' && isWritable(part),
  );
  if (own.length > 0) return own.map((part) => pluginOf(part, specifier));
  const exported = Object.keys(module).join(', ') || 'nothing';
  throw new TypeError(
    `${specifier}: expected exports that definePart or defineVariant made, got ${exported}`,
  );
}

/** A configuration can make it: it requires no function, which JSON cannot hold. */
function isWritable({ options }: Part): boolean {
  return Object.values(options).every(({ type, need }) => type !== 'code' || need !== 'required');
}

/** Throws a TypeError unless `value` has the shape of a plugin: JavaScript callers have no compiler. */
export function requirePlugin(value: unknown, kinds: readonly string[]): asserts value is Plugin {
  const plugin = (value ?? {}) as Partial<Record<keyof Plugin, unknown>>;
  for (const field of ['name', 'package', 'doc'] as const) {
    if (typeof plugin[field] !== 'string' || plugin[field] === '') {
      throw new TypeError(
        `registry: expected a plugin with a ${field}, a non-empty string, got ${plugin[field]}`,
      );
    }
  }
  const who = `registry "${plugin.name}" of ${plugin.package}`;
  if (!kinds.includes(plugin.kind as string)) {
    throw new TypeError(`${who}: expected a kind of [${kinds.join(', ')}], got ${plugin.kind}`);
  }
  if (typeof plugin.create !== 'function') {
    throw new TypeError(`${who}: expected a function create, got ${plugin.create}`);
  }
  if (typeof plugin.options !== 'object' || plugin.options === null) {
    throw new TypeError(`${who}: expected options to be declarations, got ${plugin.options}`);
  }
  const taken = plugin.kind === 'variant' ? 'variant' : 'name';
  if (taken in plugin.options)
    throw new TypeError(`${who}: expected no option called "${taken}": the configuration's own`);
}
