import * as tf from '@tensorflow/tfjs-core';
import {
  type Gate,
  type GradientOracle,
  generator,
  integer,
  norm,
  requireOneRun,
  type Schedule,
  valueAt,
} from '@tfjs-sam/core';

/** The options of `window`. */
export const windowOptions = {
  every: integer({
    min: 1,
    default: 1,
    unit: 'steps',
    doc: 'Distance of the steps that are sharpness-aware',
  }),
  from: integer({ min: 0, default: 0, doc: 'First step that is' }),
  until: integer({ min: 1, optional: 'the end', doc: 'First step that is none any more' }),
};

/** Steps, as `{ from, until, every }`. */
export interface Window {
  readonly every: number;
  readonly from: number;
  readonly until: number | undefined;
}

/** Acts at `from`, `from + every`, … before `until`. @throws RangeError where that is never. */
export function within(owner: string, { every, from, until = Number.POSITIVE_INFINITY }: Window): Gate {
  if (from >= until) {
    throw new RangeError(`${owner}: expected from to come before until, got from ${from} until ${until}`);
  }
  return ({ step }) => step >= from && step < until && (step - from) % every === 0;
}

/** Acts with a probability that may be scheduled; the same steps in every run of a seed. */
export function atRandom(probability: Schedule, draw: (step: number) => number): Gate {
  return ({ step }) => draw(step) < valueAt(probability, step);
}

/** A uniform number in [0, 1) for every step. */
export function uniformOf(seed: number): (step: number) => number {
  return (step) => generator(seed, step, 0)() / 2 ** 32;
}

/** Running statistics of ‖g‖²: their decay, the threshold c, and whether a step waits for its own. */
export interface Unusual {
  readonly delta: number;
  /** c of a step: ‖g‖² ≥ mean + c · deviation is unusual. */
  readonly threshold: (step: number) => number;
  readonly initialVariance: number;
  readonly lag: boolean;
}

const MEAN = 'unusual-mean';
const VARIANCE = 'unusual-variance';
const ACTIVE = 'unusual-active';

/** Decisions that have arrived from the device, by the data that they are. */
const arrived = new WeakMap<object, boolean>();

/** Acts where ‖g‖² is unusually large: of this step, or (lag) of the last one. */
export function whereUnusual({ delta, threshold, initialVariance, lag }: Unusual): Gate {
  return (oracle) => {
    const { state, step } = oracle;
    const last = state.getTensor(ACTIVE);
    const known = last && arrived.get(last.dataId);
    const before = state.recallTensor(ACTIVE, () => tf.scalar(1));
    const own = decide(oracle, delta, threshold(step), initialVariance);
    if (!lag) return own;
    requireOneRun('ae-sam, lag');
    state.setTensor(ACTIVE, tf.cast(own, 'float32'));
    announce(state.getTensor(ACTIVE)!);
    // The first step has no last one; nor has one after skipped steps alone.
    return known ?? (last === undefined ? true : tf.greater(before, 0));
  };
}

/** Moves the statistics on, and compares. Squares of more than float32 holds are unusual. */
function decide(
  oracle: GradientOracle,
  delta: number,
  threshold: number,
  initialVariance: number,
): tf.Tensor {
  const { state } = oracle;
  const { gradient } = oracle.evaluate();
  return tf.tidy(() => {
    const square = tf.square(norm(gradient));
    const average = (old: tf.Tensor, value: tf.Tensor) =>
      tf.add(tf.mul(delta, old), tf.mul(1 - delta, value));
    const mean = average(
      state.recallTensor(MEAN, () => tf.scalar(0)),
      square,
    );
    const variance = average(
      state.recallTensor(VARIANCE, () => tf.scalar(initialVariance)),
      tf.square(tf.sub(square, mean)),
    );
    state.setTensor(MEAN, mean);
    state.setTensor(VARIANCE, variance);
    return tf.greaterEqual(square, tf.add(mean, tf.mul(threshold, tf.sqrt(variance))));
  });
}

/** Notes a decision when it has come from the device, which no step waits for. */
function announce(decision: tf.Tensor): void {
  const { dataId } = decision;
  void decision.data().then(
    ([active]) => void arrived.set(dataId, active! > 0),
    () => {},
  );
}
