import type * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import type { Kind, PartConfigs, PartTypes } from './kinds.js';

/** What may stand where a nested part belongs. */
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

/** Which fields of a plugin's options are nested parts. */
export const partInfo = z.registry<PartInfo>();

/** Looked up only when a configuration is checked: configurations of a kind may hold others of their own kind. */
interface PartInternals<K extends Kind> extends z.core.$ZodTypeInternals<PartTypes[K], unknown> {
  input: PartConfigs[K];
}

/** Names the kind in declarations, where the list of its names would be frozen. */
export interface PartSchema<K extends Kind> extends z.ZodType<PartTypes[K], unknown, PartInternals<K>> {}

/** The schema of a nested part, which becomes the part when a registry parses it. */
export function nestedPart(info: PartInfo): z.ZodType {
  return resolved(info);
}

function resolved<K extends Kind>(info: PartInfo & { readonly kind: K }): PartSchema<K> {
  const schema = z.custom<PartConfigs[K]>().transform((value, context) => {
    if (current) return current(info, value, context) as PartTypes[K];
    throw new Error(`registry: expected a ${info.kind} to be parsed by a registry, got a parse outside one`);
  });
  return schema.register(partInfo, info) as PartSchema<K>;
}

/** An option that is a part of its own: `{ "name": "monge" }` in JSON, the metric itself in `create`. */
export function part<K extends Exclude<Kind, 'schedule'>>(kind: K): PartSchema<K> {
  return resolved({ kind });
}

/**
 * An option that is a number or a schedule: `0.05`, or `{ "name": "cosine", "from": 0.1, "to": 0.02, "steps": 5000 }`.
 *
 * @param options - `minimum`: the least number. Default 0.
 */
export function schedule({ minimum = 0 }: { readonly minimum?: number } = {}): PartSchema<'schedule'> {
  return resolved({ kind: 'schedule', minimum });
}

/**
 * An option that is any optimizer, sharpness-aware ones among them: what a wrapper wraps. Its configurations hold
 * themselves, which a schema's type cannot: say `AnyOptimizerConfig` where the options are declared.
 */
export function anyOptimizer(): z.ZodType<tf.Optimizer, unknown> {
  return resolved({ kind: 'base-optimizer', or: 'variant' });
}

/** The parts that every composed variant accepts: spread them into the variant's options. */
export const strategyOptions = {
  metric: part('metric').optional().describe("How the neighbourhood is measured. Default: the variant's own"),
  objective: z.enum(['ascent', 'descent']).default('descent').describe('Which objective is climbed'),
  filter: part('filter').optional().describe('Which coordinates move. Default: all'),
  combine: part('combiner').optional().describe('What is descended. Default: the perturbed gradient'),
  ascent: part('ascent').optional().describe('What is climbed along. Default: the gradient'),
};

/** The averages of the Monge metric: spread them into the metric's or a variant's options. */
export const mongeOptions = {
  iterations: z
    .strictObject({
      rank: z.int().min(1).default(8).describe('Gradients kept'),
      decay: z.number().min(0).lt(1).default(0.8).describe('How much less each earlier gradient counts'),
    })
    .optional()
    .describe('Average the outer product over iterations. Default: no'),
  neighbours: z
    .strictObject({
      samples: z.int().min(1).default(2).describe('Neighbours per step, a gradient each'),
      radius: z.number().gt(0).default(0.05).describe('Distance from θ, in weight units'),
      seed: z.int().default(0).describe('Seed of the directions'),
      objective: z.enum(['ascent', 'descent']).optional().describe('Whose gradient. Default: descent'),
    })
    .optional()
    .describe('Average the outer product over θ and sampled neighbours. Default: no'),
};

/** The options of the driver, which every variant has: spread them into the variant's options. */
export const driverOptions = {
  onNonFinite: z
    .enum(['pass', 'skip'])
    .default('pass')
    .describe('What to do with a direction that is not finite: pass it on, or skip the update'),
  randomSeed: z
    .int()
    .optional()
    .describe('Seed of the random numbers that the loss draws; every pass of a step then draws the same'),
  reportEvery: z.int().min(1).optional().describe('Steps from one report to the next. Default: 1'),
  base: part('base-optimizer').describe('The optimizer that consumes the direction'),
};
