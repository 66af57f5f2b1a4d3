import type * as tf from '@tensorflow/tfjs';
import { SharpnessAwareOptimizer } from '@tfjs-sam/core';
import { median } from 'simple-statistics';
import { significant } from '../report/format.js';
import { type DiagnosedTraining, type WatchedStep, watchSteps } from './watch.js';

/** Something that `diagnose` looked for. */
export interface Finding {
  /** The question. */
  readonly check: 'activity' | 'radius' | 'objective' | 'statistics' | 'batch' | 'order' | 'base';
  readonly verdict: 'good' | 'problem';
  /** The observation and, of a problem, the remedy. */
  readonly message: string;
}

/** Cosines and lengths beyond which a radius does nothing, or leads too far. */
const limits = { alike: 0.999, short: 1e-3, unlike: 0.3, long: 0.5 } as const;

const good = (check: Finding['check'], message: string): Finding => ({ check, verdict: 'good', message });
const problem = (check: Finding['check'], message: string): Finding => ({
  check,
  verdict: 'problem',
  message,
});

/** The optimizer and what it wraps, from the outside in. */
function chainOf(optimizer: tf.Optimizer): tf.Optimizer[] {
  const chain: tf.Optimizer[] = [];
  for (let next: tf.Optimizer | undefined = optimizer; next && !chain.includes(next); ) {
    chain.push(next);
    next = (next as { base?: tf.Optimizer }).base;
  }
  return chain;
}

/** By name: to TensorFlow.js everything with an optimizer's methods is an instance of each of its classes. */
const isSharp = (optimizer: tf.Optimizer): boolean =>
  optimizer.getClassName() === SharpnessAwareOptimizer.className;

const middle = (values: readonly number[]): number => {
  const finite = values.filter(Number.isFinite);
  return finite.length > 0 ? median(finite) : Number.NaN;
};

function activity(steps: readonly WatchedStep[]): Finding {
  const n = steps.length;
  if (steps.every(({ evaluations }) => evaluations === 0)) {
    return problem(
      'activity',
      `the optimizer never saw the loss in ${n} steps: gradients made outside (tf.variableGrads) and given to applyGradients leave it nothing to perturb. Call optimizer.minimize(() => loss)`,
    );
  }
  const active = steps.filter(({ perturbation }) => perturbation > 0).length;
  if (active > 0) return good('activity', `the weights were perturbed in ${active} of ${n} steps`);
  const flat = steps.every(({ gradient }) => gradient === 0);
  const why = flat
    ? 'the gradient is zero: the loss does not reach these variables'
    : 'ρ is 0, its schedule begins at 0, or the variant perturbs rarely: give ρ a value, or more --steps';
  return problem('activity', `never active: the weights were not perturbed in any of ${n} steps. ${why}`);
}

function radius(steps: readonly WatchedStep[]): Finding | undefined {
  const active = steps.filter(({ perturbation }) => perturbation > 0);
  if (active.length === 0) return undefined;
  const relative = middle(active.map(({ perturbation, weights }) => perturbation / weights));
  const cosine = middle(active.map((step) => step.cosine));
  const length = middle(active.map(({ perturbation }) => perturbation));
  const seen = `‖δ‖ is ${significant(length)}, ${significant(100 * relative)} % of ‖θ‖, and the gradients at θ and θ + δ have a cosine of ${significant(cosine)}`;
  if (cosine > limits.alike && relative < limits.short) {
    return problem('radius', `ρ is far too small: ${seen}. Try ten times the radius`);
  }
  if (cosine < limits.unlike || relative > limits.long) {
    return problem('radius', `ρ is far too large: ${seen}. Try a tenth of the radius`);
  }
  return good('radius', seen);
}

function objective(steps: readonly WatchedStep[]): Finding | undefined {
  if (!steps.some(({ askedForAscent }) => askedForAscent)) return undefined;
  if (steps.some(({ tellsAscent }) => tellsAscent))
    return good('objective', 'the perturbation climbs an objective of its own');
  return problem(
    'objective',
    'the ascent never read its objective: the loss gives the same for "ascent" and "descent", so that this is SAM with the same numbers. Use byObjective({ ascent, descent }), or bisamLoss with model.compile',
  );
}

function statistics(steps: readonly WatchedStep[], training: DiagnosedTraining): Finding | undefined {
  if (!training.statistics?.length) return undefined;
  const moved = steps.filter(({ statisticsMovedLater }) => statisticsMovedLater).length;
  if (moved === 0) return good('statistics', 'moving averages change in the first evaluation alone');
  return problem(
    'statistics',
    `moving averages changed after the first evaluation of ${moved} of ${steps.length} steps: they mix in what the network computes at θ + δ. Let layers assign them (then the optimizer sees it), or update them outside the loss, once per step`,
  );
}

function batch(steps: readonly WatchedStep[]): Finding | undefined {
  if (steps.every(({ evaluations }) => evaluations === 0)) return undefined;
  if (steps.every(({ repeatable }) => repeatable))
    return good('batch', 'every evaluation of a step sees the same loss');
  return problem(
    'batch',
    'two evaluations of one step at the same weights gave different losses: the batch is drawn inside the loss. Draw it before minimize, so that perturbation and descent see the same',
  );
}

function order(chain: readonly tf.Optimizer[]): Finding | undefined {
  const sharp = chain.filter(isSharp).length;
  if (sharp > 1) {
    return problem(
      'order',
      'a sharpness-aware optimizer is the base of another: it is handed directions, never sees the loss, and does nothing. Give the outer one a plain base',
    );
  }
  const outside = chain.slice(0, chain.findIndex(isSharp));
  const clips = outside.filter((optimizer) => nameOf(optimizer).startsWith('clip-by'));
  const decays = chain.filter((optimizer) => decayOf(optimizer) > 0).length;
  if (decays > 1) {
    return problem(
      'order',
      'weight decay is applied more than once: by the base optimizer and by a wrapper. Keep one of them',
    );
  }
  if (clips.length > 0) {
    return problem(
      'order',
      `${nameOf(clips[0]!)} stands around the sharpness-aware optimizer: micro-batches and variants that move the weights themselves are then refused. Give it as the base: sam(clipByGlobalNorm(base, 1))`,
    );
  }
  return good('order', 'wrappers stand inside');
}

const nameOf = (optimizer: tf.Optimizer): string => {
  const { name, variant } = optimizer.getConfig() as { name?: unknown; variant?: unknown };
  return String(variant ?? name ?? optimizer.getClassName());
};

/** The decay that an optimizer adds of its own, not what it reports of its base. */
function decayOf(optimizer: tf.Optimizer): number {
  const { weightDecay, decay } = optimizer.getConfig() as { weightDecay?: unknown; decay?: unknown };
  const value = weightDecay ?? (/decay/.test(nameOf(optimizer)) ? decay : 0);
  return typeof value === 'number' ? value : 0;
}

function base(steps: readonly WatchedStep[]): Finding {
  const moved = steps.filter(({ update }) => update > 0).length;
  if (moved > 0) {
    const relative = middle(steps.map(({ update, weights }) => update / weights));
    return good('base', `a step changes the weights by ${significant(100 * relative)} % of ‖θ‖`);
  }
  const broken = steps.some(({ evaluations, gradient }) => evaluations > 0 && !Number.isFinite(gradient));
  const why = broken
    ? 'the loss or its gradient is not finite'
    : 'the learning rate is 0, its schedule begins at 0, or the variables given are not those of the model';
  return problem(
    'base',
    `the base optimizer has no effect: no weight changed in ${steps.length} steps. ${why}`,
  );
}

/**
 * Does some steps of a training and looks for what makes sharpness-aware training do nothing.
 *
 * Reads from the device in every step: not for training. The optimizer's methods stay wrapped: use it no further.
 *
 * @param steps - Steps to look at. Default 10.
 * @returns One finding for each thing that could be looked at.
 */
export async function diagnose(
  training: DiagnosedTraining,
  { steps: count = 10 }: { readonly steps?: number } = {},
): Promise<Finding[]> {
  const chain = chainOf(training.optimizer);
  const steps = await watchSteps(training, count);
  const sharp = chain.some(isSharp);
  const ofSharpness = sharp
    ? [
        activity(steps),
        radius(steps),
        objective(steps),
        statistics(steps, training),
        batch(steps),
        order(chain),
      ]
    : [];
  return [...ofSharpness, base(steps)].filter((finding) => finding !== undefined);
}
