import { resolve } from 'node:path';
import type { Kind } from '@tfjs-sam/core';
import { ConfigurationError, type Registry, writeExpectation } from '@tfjs-sam/core/registry';
import { isObject, type JsonObject } from '../study/paths.js';
import { ConfigError } from '../study/problem.js';

/** Runs what a registry checks; its problems become those of a study, below a path. */
export function explained<T>(f: () => T, path: readonly PropertyKey[] = []): T {
  try {
    return f();
  } catch (error) {
    if (error instanceof ConfigurationError) {
      throw new ConfigError(
        error.problems.map((problem) => ({
          path: [...path, ...problem.path],
          message: `expected ${writeExpectation(problem)}`,
        })),
      );
    }
    if (error instanceof RangeError || error instanceof TypeError)
      throw new ConfigError([{ path, message: error.message }]);
    throw error;
  }
}

/** Where a configuration stands. */
export interface Place {
  /** Keys that lead to it in the study. */
  readonly path?: readonly PropertyKey[];
  /** Where paths of files in it begin. */
  readonly folder?: string;
}

/** A part's configuration with every default written out, and its paths absolute. @throws ConfigError. */
export function completePart(
  registry: Registry,
  kind: Kind,
  config: unknown,
  { path = [], folder = process.cwd() }: Place = {},
): JsonObject {
  const complete = () => registry.complete(kind, config, (location) => resolve(folder, location));
  return explained(complete, path) as JsonObject;
}

/** A complete configuration without what says where data lie: what it is does not depend on the machine. */
export function withoutLocations(registry: Registry, kind: Kind, config: JsonObject): JsonObject {
  const { options } = registry.find(String(config.name), kind);
  const entries = Object.entries(config).flatMap(([name, value]) => {
    const option = options[name];
    if (option?.type === 'text' && option.location) return [];
    const nested = option?.type === 'part' && isObject(value);
    return [[name, nested ? withoutLocations(registry, option.kind, value) : value] as const];
  });
  return Object.fromEntries(entries);
}
