import { resolve } from 'node:path';
import type { z } from 'zod';
import { isObject, type Json, type JsonObject } from '../study/paths.js';
import { ConfigError, didYouMean, problemsOf, shown } from '../study/problem.js';
import { locations, nestedKinds } from './nested.js';
import { type LabKind, type LabPart, type LabTypes, labKinds } from './part.js';

type Path = readonly PropertyKey[];

/** The kind of an option that is a part of its own. */
function nestedIn(part: LabPart, key: string): { readonly kind: LabKind } | undefined {
  const schema = part.options.shape[key] as (z.ZodType & { unwrap?(): z.ZodType }) | undefined;
  if (!schema) return undefined;
  return nestedKinds.get(schema as never) ?? (schema.unwrap && nestedKinds.get(schema.unwrap() as never));
}

/** An option of a path, optional or not. */
function isLocation(part: LabPart, key: string): boolean {
  const schema = part.options.shape[key] as (z.ZodType & { unwrap?(): z.ZodType }) | undefined;
  if (!schema) return false;
  return (
    locations.has(schema as never) || (schema.unwrap !== undefined && locations.has(schema.unwrap() as never))
  );
}

/** The lab's parts by kind and name. */
export class PartCatalog {
  readonly #parts: readonly LabPart[];

  /** @throws RangeError when two parts have one kind and name. */
  constructor(parts: readonly LabPart[]) {
    for (const [i, { kind, name, package: from }] of parts.entries()) {
      const first = parts.slice(0, i).find((part) => part.kind === kind && part.name === name);
      if (first)
        throw new RangeError(
          `parts: expected one ${kind} named "${name}", got two: from ${first.package} and ${from}`,
        );
    }
    this.#parts = parts;
  }

  /** Names of a kind. */
  list(kind: LabKind): string[] {
    return this.#parts.filter((part) => part.kind === kind).map(({ name }) => name);
  }

  /** All parts, in the order of kinds. */
  get all(): readonly LabPart[] {
    return labKinds.flatMap((kind) => this.#parts.filter((part) => part.kind === kind));
  }

  /**
   * A configuration with every default written out.
   *
   * @param folder - Where paths in it begin.
   * @throws ConfigError with a problem for each thing that is wrong.
   */
  complete(kind: LabKind, config: unknown, path: Path = [], folder = process.cwd()): JsonObject {
    const { part, options } = this.#check(kind, config, path);
    const entries = Object.entries(options).map(([key, value]) => {
      const inner = nestedIn(part, key);
      if (isLocation(part, key)) return [key, resolve(folder, value as string)];
      return [key, inner ? this.complete(inner.kind, value, [...path, key], folder) : value];
    });
    return { name: part.name, ...(Object.fromEntries(entries) as JsonObject) };
  }

  /** A complete configuration without what says where data lie: what it is does not depend on the machine. */
  withoutLocations(kind: LabKind, config: JsonObject): JsonObject {
    const part = this.#parts.find((each) => each.kind === kind && each.name === config.name)!;
    const entries = Object.entries(config).flatMap(([key, value]) => {
      const inner = nestedIn(part, key);
      if (isLocation(part, key)) return [];
      return [[key, inner ? this.withoutLocations(inner.kind, value as JsonObject) : value]];
    });
    return Object.fromEntries(entries) as JsonObject;
  }

  /** The part that a configuration describes. @throws ConfigError as `complete`. */
  build<K extends LabKind>(kind: K, config: unknown, path: Path = []): LabTypes[K] {
    const { part, options } = this.#check(kind, config, path);
    const entries = Object.entries(options).map(([key, value]) => {
      const inner = nestedIn(part, key);
      return [key, inner ? this.build(inner.kind, value, [...path, key]) : value];
    });
    return part.create(Object.fromEntries(entries)) as LabTypes[K];
  }

  #check(
    kind: LabKind,
    config: unknown,
    path: Path,
  ): { readonly part: LabPart; readonly options: Record<string, Json> } {
    const named = typeof config === 'string' ? { name: config } : config;
    if (!isObject(named)) {
      throw new ConfigError([
        { path, message: `expected the name of a ${kind}, or { name, … }, got ${shown(config)}` },
      ]);
    }
    const { name, ...given } = named;
    const known = this.list(kind);
    const part = this.#parts.find((each) => each.kind === kind && each.name === name);
    if (!part) {
      const message = `expected one of [${known.join(', ')}], got ${shown(name)}${didYouMean(name, known)}`;
      throw new ConfigError([{ path: [...path, 'name'], message }]);
    }
    const result = part.options.safeParse(given);
    if (!result.success) {
      throw new ConfigError(problemsOf(result.error, given, path, Object.keys(part.options.shape)));
    }
    const options = Object.fromEntries(
      Object.entries(result.data as Record<string, Json>).filter(([, value]) => value !== undefined),
    );
    return { part, options };
  }
}
