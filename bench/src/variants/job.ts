import type * as tf from '@tensorflow/tfjs';
import { createDefaultRegistry } from 'tfjs-sam';
import { models } from '../models/index.js';
import type { ModelName } from '../models/names.js';
import { type Rounds, sideBySide } from '../timing.js';
import { base, gradient, prepareTraining } from '../training.js';

/** A variant's configuration but for its base optimizer; or 'list': the names of all there are. */
export interface VariantsJob extends Rounds {
  readonly model: ModelName;
  readonly config: { readonly variant: string; readonly [option: string]: unknown } | 'list';
}

/** Milliseconds and gradients of a variant's steps, round by round, beside SGD's step and one gradient. */
export type VariantsResult =
  | { readonly names: readonly string[] }
  | {
      readonly gradients: readonly number[];
      readonly step: readonly number[];
      readonly sgd: readonly number[];
      readonly gradient: readonly number[];
    };

/** The published variants: core's own entries are frames that parts are put into. */
function namedVariants(registry: ReturnType<typeof createDefaultRegistry>): string[] {
  return registry
    .list('variant')
    .filter((name) => registry.find(name, 'variant').package !== '@tfjs-sam/core');
}

/** Times a variant's step beside its parts. */
export async function variantsJob({ model: name, config, ...rounds }: VariantsJob): Promise<VariantsResult> {
  const registry = createDefaultRegistry();
  if (config === 'list') return { names: namedVariants(registry) };
  await prepareTraining();
  const model = models[name]();
  // Not every variant has a base: bSAM is an optimizer of its own.
  const hasBase = 'base' in registry.find(config.variant, 'variant').options;
  const settings = { name: 'sgd', learningRate: 1e-4, momentum: 0.9 };
  const optimizer = registry.create(registry.parse({ ...config, ...(hasBase && { base: settings }) }));
  let evaluations = 0;
  const counted = (): tf.Scalar => {
    evaluations += 1;
    return model.loss();
  };
  const gradients: number[] = [];
  const plain = base();
  const times = await sideBySide(
    {
      step: () => {
        evaluations = 0;
        optimizer.minimize(counted, false, model.variables);
        gradients.push(evaluations);
      },
      sgd: () => void plain.minimize(model.loss, false, model.variables),
      gradient: () => gradient(model),
    },
    rounds,
  );
  return { ...times, gradients: gradients.slice(-times.step.length) };
}
