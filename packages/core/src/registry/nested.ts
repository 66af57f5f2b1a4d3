import * as z from 'zod';
import type { Kind } from '../declare/kinds.js';

/** The values that may stand where a nested part belongs. */
export interface PartInfo {
  readonly kind: Kind;
  /** Least number that a schedule may be given as. */
  readonly minimum?: number | undefined;
  /** Another kind that may stand there: a variant where any optimizer may. */
  readonly or?: Kind | undefined;
}

/** Turns the configuration of a nested part into the part, or adds issues to the context. */
export type Resolver = (info: PartInfo, value: unknown, context: z.core.$RefinementCtx) => unknown;

let current: Resolver | undefined;

/** Runs `parse` with nested parts resolved by `resolver`: schemas belong to plugins, and so to no one registry. */
export function resolvingWith<T>(resolver: Resolver, parse: () => T): T {
  const previous = current;
  current = resolver;
  try {
    return parse();
  } finally {
    current = previous;
  }
}

/** The fields of a plugin's options that are nested parts. */
export const partInfo = z.registry<PartInfo>();

/** The schema of a nested part, which becomes the part when a registry parses it. */
export function nestedPart(info: PartInfo): z.ZodType {
  const schema = z.unknown().transform((value, context) => {
    if (current) return current(info, value, context);
    throw new Error(`registry: expected a ${info.kind} to be parsed by a registry, got a parse outside one`);
  });
  return schema.register(partInfo, info);
}
