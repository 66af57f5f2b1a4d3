import type * as tf from '@tensorflow/tfjs-core';
import { type AnyLossClosure, adamw, sgd } from '@tfjs-sam/core';
import { type Golden, type GoldenStep, type StoredVector, toleranceOf } from './golden.js';
import { buildGoldenModel, type GoldenModel } from './golden-model.js';

/** The way in which a trajectory's steps are taken. */
export interface GoldenRun {
  /** Makes the optimizer of a trajectory, with whatever draws or masks the file injects. */
  readonly create: (base: tf.Optimizer, golden: Golden, model: GoldenModel) => tf.Optimizer;
  /** The closure of a step. Default the model's loss of the step's batch. */
  readonly closure?: (model: GoldenModel, step: GoldenStep, golden: Golden) => AnyLossClosure;
  /** True where the loss that `minimize` reports is the file's `loss_at_theta`. Default true. */
  readonly reportsLossAtTheta?: boolean;
}

/** A quantity that left the trajectory. */
export interface GoldenMiss {
  readonly step: number;
  /** A variable's name, or 'loss'. */
  readonly variable: string;
  /** Where in the variable the difference is largest: the flat index. */
  readonly index: number;
  readonly expected: number;
  readonly actual: number;
  readonly tolerance: number;
}

/**
 * The base optimizer with the trajectory's settings; one that stands still where the variant has no base.
 *
 * @throws RangeError for a type or a setting that nobody reads.
 */
export function goldenBase({ name, base: settings }: Golden): tf.Optimizer {
  const { value: base, unread } = readingOf(settings);
  const made = baseOf(base);
  const left = unread();
  if (left.length === 0) return made;
  made.dispose();
  throw new RangeError(
    `${name}: expected settings of a base of type "${base.type}", got ${describeAll('base', settings, left)}`,
  );
}

/** Values, and which of them nobody has read since: all but those that are off. */
function readingOf<T extends object>(values: T): { readonly value: T; readonly unread: () => string[] } {
  const read = new Set<PropertyKey>();
  const value = new Proxy(values, {
    get(target, key) {
      read.add(key);
      return Reflect.get(target, key) as unknown;
    },
  });
  const isOff = (entry: unknown) => entry === false || entry === null || entry === undefined;
  return {
    value,
    unread: () =>
      Object.entries(values).flatMap(([key, entry]) => (read.has(key) || isOff(entry) ? [] : key)),
  };
}

const describeAll = (owner: string, values: object, keys: readonly string[]) =>
  keys.map((key) => `${owner}.${key} = ${JSON.stringify(values[key as never])}`).join(', ');

function baseOf(base: Golden['base']): tf.Optimizer {
  const { type, lr: learningRate, momentum, weight_decay: weightDecay = 0 } = base;
  switch (type) {
    case 'none':
      return sgd({ learningRate: 0 });
    case 'sgd':
    case 'momentum':
    case 'nesterov': {
      if (base.dampening)
        throw new RangeError(`golden: expected a base without dampening, got ${base.dampening}`);
      return sgd({
        learningRate,
        momentum: momentum ?? 0,
        nesterov: type === 'nesterov' || (base.nesterov ?? false),
        weightDecay,
      });
    }
    case 'adam':
    case 'adamw': {
      const [beta1, beta2] = [base.beta1 ?? base.betas?.[0], base.beta2 ?? base.betas?.[1]];
      return adamw({
        ...{ learningRate, beta1, beta2, weightDecay },
        epsilon: base.eps,
        amsgrad: base.amsgrad,
        coupled: type === 'adam',
      });
    }
    default:
      throw new RangeError(
        `golden: expected a base of [sgd, momentum, nesterov, adam, adamw, none], got "${type}"`,
      );
  }
}

/**
 * Follows a trajectory on the current backend.
 *
 * @param strict - Whether a hyper-parameter that nobody reads is an error: it would be answered by another method. Default false.
 * @returns What missed in the first step that did; else nothing.
 * @throws RangeError for such a hyper-parameter, or a setting of the base that nobody reads.
 */
export function followGolden(golden: Golden, run: GoldenRun, strict = false): GoldenMiss[] {
  const model = buildGoldenModel(golden);
  const { value: hyper, unread } = readingOf(golden.hyper);
  const optimizer = run.create(goldenBase(golden), { ...golden, hyper }, model);
  const closure = run.closure ?? ((built, step) => () => built.loss(step.batch ?? 0));
  try {
    if (strict && unread().length > 0)
      throw new RangeError(
        `${golden.name}: expected hyper-parameters of ${golden.variant}, got ${describeAll('hyper', golden.hyper, unread())}`,
      );
    for (const step of golden.steps) {
      const loss = optimizer.minimize(
        closure(model, step, golden) as () => tf.Scalar,
        true,
        model.variables,
      )!;
      const misses = missesOf(golden, step, model, (run.reportsLossAtTheta ?? true) ? loss : undefined);
      loss.dispose();
      if (misses.length > 0) return misses;
    }
    return [];
  } finally {
    optimizer.dispose();
    model.dispose();
  }
}

function missesOf(
  golden: Golden,
  step: GoldenStep,
  model: GoldenModel,
  loss: tf.Tensor | undefined,
): GoldenMiss[] {
  const compare = (
    variable: string,
    tensor: tf.Tensor,
    expected: readonly number[],
    quantity: 'parameters' | 'loss_at_theta',
  ) => largestMiss(tensor.dataSync(), expected, toleranceOf(golden, quantity), variable, step.step);
  const each = (names: object, tensors: readonly tf.Tensor[], stored: StoredVector) =>
    Object.keys(names).flatMap((name, i) => compare(name, tensors[i]!, stored[name]!, 'parameters'));
  return [
    ...(loss ? compare('loss', loss, [step.loss_at_theta], 'loss_at_theta') : []),
    ...each(golden.initial, model.variables, step.parameters),
    ...(step.buffers ? each(golden.initial_buffers!, model.buffers, step.buffers) : []),
  ];
}

function largestMiss(
  actual: ArrayLike<number>,
  expected: readonly number[],
  tolerance: number,
  variable: string,
  step: number,
): GoldenMiss[] {
  if (actual.length !== expected.length) {
    throw new RangeError(
      `golden: expected ${variable} to have ${expected.length} entries, got ${actual.length}`,
    );
  }
  // NaN is a miss: it lies within no tolerance.
  const differences = expected.map((value, i) => Math.abs(value - actual[i]!));
  const outside = differences.flatMap((difference, i) => (difference <= tolerance ? [] : [i]));
  if (outside.length === 0) return [];
  const index = outside.reduce((worst, i) =>
    Number.isNaN(differences[i]!) || differences[i]! > differences[worst]! ? i : worst,
  );
  return [{ step, variable, index, expected: expected[index]!, actual: actual[index]!, tolerance }];
}

/** A miss in one line. */
export function describeMiss({ step, variable, index, expected, actual, tolerance }: GoldenMiss): string {
  const difference = Math.abs(expected - actual).toExponential(2);
  return `step ${step}, ${variable}[${index}]: expected ${expected}, got ${actual} (difference ${difference}, tolerance ${tolerance.toExponential(2)})`;
}
