import * as tf from '@tensorflow/tfjs-core';

/** Independent runs that train at once: every variable holds them along its first axis. */
export interface Runs {
  /** Their number. */
  readonly count: number;
  /** Multipliers of the radius, one per run. Default all 1. */
  readonly rho?: readonly number[] | undefined;
  /** Multipliers of the base optimizer's update, one per run. Default all 1. */
  readonly learningRate?: readonly number[] | undefined;
}

let current: Runs | undefined;

/** Runs `f`, in which products, norms and maxima are taken run by run: each gives one number per run, [runs]. */
export function withRuns<T>(runs: Runs | undefined, f: () => T): T {
  const previous = current;
  current = runs;
  try {
    return f();
  } finally {
    current = previous;
  }
}

/** The independent runs of the step under way; undefined where there is one run. */
export function runsAtHand(): Runs | undefined {
  return current;
}

/**
 * Refuses independent runs: called by what mixes the entries of a whole variable, or reads a number from it.
 *
 * @throws Error within a step of several runs.
 */
export function requireOneRun(owner: string): void {
  if (current === undefined) return;
  throw new Error(
    `${owner}: expected one run, got ${current.count} independent runs: it does not compute run by run. Train them one after the other.`,
  );
}

/** A number, or one per run, [runs], as a factor of the entries of `x`, [runs, …]. */
export function spread(factor: tf.Tensor, x: tf.Tensor): tf.Tensor {
  if (current === undefined || factor.rank === 0 || x.rank < 2) return factor;
  return tf.reshape(factor, [factor.size, ...x.shape.slice(1).map(() => 1)]);
}

/** Σ or max of the entries of `x`: of all of them, Scalar, or run by run, [runs]. */
export function reduceRuns(reduce: (x: tf.Tensor, axis?: number) => tf.Tensor, x: tf.Tensor): tf.Tensor {
  return current === undefined ? reduce(x) : reduce(rows(x, current.count), 1);
}

/** The entries of `x` run by run, [runs, entries]; of a single run as one row. */
export function rowsOfRuns(x: tf.Tensor): tf.Tensor2D {
  return current === undefined ? tf.reshape(x, [1, x.size]) : rows(x, current.count);
}

/** The shape of `x` within a run. */
export function shapeOfRun({ shape }: tf.Tensor): number[] {
  return current === undefined ? shape : shape.slice(1);
}

function rows(x: tf.Tensor, count: number): tf.Tensor2D {
  if (x.rank === 0) return tf.mul(x, tf.ones([count, 1]));
  if (x.shape[0] === count) return tf.reshape(x, [count, -1]);
  throw new RangeError(
    `runs: expected tensors whose first axis holds the ${count} runs, got one of shape [${x.shape}]`,
  );
}

/** Refuses radii of one's own in what has no perturbation that they could stretch. @throws Error where the runs have some. */
export function requireOneRadius(owner: string): void {
  if (!current?.rho) return;
  throw new Error(
    `${owner}: expected one radius for all runs, got runs.rho: its steps are not proportional to it`,
  );
}

/** The multipliers of the update, one per run, [runs]; 1 where all are alike. */
export function learningRateOfRuns(): tf.Tensor1D | number {
  const factors = current?.learningRate;
  return factors ? tf.tensor1d([...factors]) : 1;
}
