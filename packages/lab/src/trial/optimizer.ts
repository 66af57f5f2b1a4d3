import type * as tf from '@tensorflow/tfjs';
import type { Registry } from '@tfjs-sam/core/registry';
import { explained } from '../parts/configurations.js';
import { isObject, type Json, type JsonObject } from '../study/paths.js';
import { ConfigError } from '../study/problem.js';

/** Options that an optimizer's configuration may leave to the task. */
export interface Span {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly examples: number;
}

/** Options of a schedule that a study leaves out, or says in epochs. */
function completedSchedule(config: JsonObject, registry: Registry, span: Span): JsonObject {
  const { epochs, warmupEpochs, ...given } = config;
  const shape = registry.find(String(config.name), 'schedule').options;
  const inEpochs = (count: Json | undefined): number | undefined =>
    typeof count === 'number' ? Math.max(1, Math.round(count * span.stepsPerEpoch)) : undefined;
  return {
    ...('steps' in shape && { steps: inEpochs(epochs) ?? span.steps }),
    ...('warmupSteps' in shape && warmupEpochs !== undefined && { warmupSteps: inEpochs(warmupEpochs)! }),
    ...('every' in shape && epochs !== undefined && { every: inEpochs(epochs)! }),
    ...('to' in shape && { to: 0 }),
    ...given,
  };
}

/** A configuration whose schedules end with the training where they do not say when. */
function withSchedules(value: Json, registry: Registry, span: Span): Json {
  if (!isObject(value)) return value;
  const inner = Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, withSchedules(each, registry, span)]),
  );
  const isSchedule = typeof inner.name === 'string' && registry.list('schedule').includes(inner.name);
  return isSchedule ? completedSchedule(inner, registry, span) : inner;
}

/** The request to the registry: a variant, or a base optimizer alone. */
function forRegistry(config: JsonObject, registry: Registry, span: Span): JsonObject {
  const { base, ...rest } = withSchedules(config, registry, span) as JsonObject;
  if (rest.variant === undefined) {
    const stray = Object.keys(rest)[0];
    if (stray !== undefined) {
      throw new ConfigError([
        {
          path: [stray],
          message: `expected no option "${stray}" without a variant: this arm is its base alone`,
        },
      ]);
    }
    if (!isObject(base)) {
      throw new ConfigError([
        { path: ['base'], message: 'expected a base optimizer { name, … }, got nothing' },
      ]);
    }
    return base;
  }
  const known = registry.list('variant').includes(String(rest.variant));
  const shape = known ? registry.find(String(rest.variant), 'variant').options : {};
  return {
    ...('numData' in shape && { numData: span.examples }),
    ...rest,
    // A method without a base does not get the one that the other arms share.
    ...((!known || 'base' in shape) && base !== undefined && { base }),
  };
}

/** Sets every seed of the complete configuration that the given one does not fix. */
function withSeeds(complete: Json, given: Json | undefined, seed: number): Json {
  if (!isObject(complete)) return complete;
  const known = isObject(given) ? given : {};
  return Object.fromEntries(
    Object.entries(complete).map(([key, value]) => [
      key,
      key === 'seed' && known[key] === undefined ? seed : withSeeds(value, known[key], seed),
    ]),
  );
}

/**
 * An optimizer's configuration with every default written out.
 *
 * @throws ConfigError with paths inside the optimizer.
 */
export function completeOptimizer(registry: Registry, config: JsonObject, span: Span): JsonObject {
  const given = forRegistry(config, registry, span);
  if (given.variant === undefined) {
    return {
      base: explained(() => registry.complete('base-optimizer', given), ['base']) as unknown as JsonObject,
    };
  }
  return explained(() => registry.parse(given)) as unknown as JsonObject;
}

/** The optimizer of a trial: draws of its parts follow the trial's seed unless the configuration fixes them. */
export function createOptimizer(
  registry: Registry,
  config: JsonObject,
  span: Span,
  seed: number,
): tf.Optimizer {
  const complete = completeOptimizer(registry, config, span);
  if (complete.variant === undefined) return registry.build('base-optimizer', complete.base as never);
  const seeded = withSeeds(complete, forRegistry(config, registry, span), seed) as JsonObject;
  const shape = registry.find(String(complete.variant), 'variant').options;
  return registry.create({
    ...('randomSeed' in shape && { randomSeed: seed }),
    ...seeded,
  } as never);
}
