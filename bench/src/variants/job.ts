import * as tf from '@tensorflow/tfjs';
import { createDefaultRegistry } from 'tfjs-sam';
import { type BenchModel, models } from '../models/index.js';
import type { ModelName } from '../models/names.js';
import { type Rounds, sideBySide } from '../timing.js';
import { base, gradient, prepareTraining } from '../training.js';

/** A variant's configuration but for its base optimizer; or 'list': the names of all there are. */
export interface VariantsJob extends Rounds {
  readonly model: ModelName;
  readonly config: { readonly variant: string; readonly [option: string]: unknown } | 'list';
}

/** Milliseconds and evaluations of a variant's steps, round by round, beside SGD's step, one gradient and one value. */
export type VariantsResult =
  | { readonly names: readonly string[] }
  /** The message of a variant that these models do not suit. */
  | { readonly refused: string }
  | {
      readonly counts: readonly Evaluations[];
      readonly step: readonly number[];
      readonly sgd: readonly number[];
      readonly gradient: readonly number[];
      readonly value: readonly number[];
    };

/** Calls of the loss within a step: with a gradient, and for its value alone. */
export interface Evaluations {
  gradients: number;
  values: number;
}

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
  const whole = { ...config, ...(hasBase && { base: settings }) };
  try {
    return await timed(model, registry.create(registry.parse(whole)), rounds);
  } catch (error) {
    return { refused: (error as Error).message };
  }
}

async function timed(model: BenchModel, optimizer: tf.Optimizer, rounds: Rounds): Promise<VariantsResult> {
  let counts: Evaluations = { gradients: 0, values: 0 };
  const counted = (loss: () => tf.Tensor) => () => {
    counts[tf.engine().state.gradientDepth > 0 ? 'gradients' : 'values'] += 1;
    return loss() as tf.Scalar;
  };
  const step = (loss: () => tf.Tensor) => optimizer.minimize(counted(loss), false, model.variables);
  const loss = asksForExamples(() => step(model.loss)) ? model.exampleLosses : model.loss;
  const rows: Evaluations[] = [];
  const plain = base();
  const times = await sideBySide(
    {
      step: () => {
        counts = { gradients: 0, values: 0 };
        step(loss);
        rows.push(counts);
      },
      sgd: () => void plain.minimize(model.loss, false, model.variables),
      gradient: () => gradient(model),
      value: () => void tf.tidy(model.loss),
    },
    rounds,
  );
  return { ...times, counts: rows.slice(-times.step.length) };
}

/** True of a variant whose first step refuses a loss that does not tell its examples'. */
function asksForExamples(step: () => void): boolean {
  try {
    step();
    return false;
  } catch (error) {
    if (/losses of the examples|\[batch\]/.test((error as Error).message)) return true;
    throw error;
  }
}
