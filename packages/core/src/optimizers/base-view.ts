import * as tf from '@tensorflow/tfjs-core';
import type { ParamVector } from '../algebra/vector.js';
import { bindTfjsSlots } from './tfjs-weights.js';

/** The base optimizer's next update, as far as a rule may know it. */
export interface BaseView {
  /** Learning rate of the next update. */
  readonly learningRate: number;
  /** As `learningRate`, of an update of these variables: schedules count for each set of them. Absent where it is the same. */
  learningRateOf?(variables: readonly tf.Variable[]): number;
  /** Momentum factor of SGD-like optimizers, 0 for all others. */
  readonly momentum: number;
  /** Coupled weight decay (added to the gradient), 0 where the optimizer has none. */
  readonly weightDecay: number;
  /**
   * The momentum buffers, zero for variables that never were updated; undefined before the first update and for
   * optimizers without momentum.
   */
  momentumBuffer(variables: readonly tf.Variable[]): ParamVector | undefined;
  /**
   * The moving average of the gradient, without bias correction: Adam's, Lion's, or the momentum buffer. Undefined
   * before the first update and where there is none.
   */
  firstMoment(variables: readonly tf.Variable[]): ParamVector | undefined;
  /** The moving average of the gradient's square, without bias correction: as `firstMoment`. */
  secondMoment(variables: readonly tf.Variable[]): ParamVector | undefined;
}

/** A slot of TensorFlow.js's optimizers. */
interface TfjsSlot {
  readonly originalName: string;
  readonly variable: tf.Variable;
}

/** With a gap where a variable has none yet. */
type TfjsSlots = readonly (TfjsSlot | undefined)[];

/** The fields that TensorFlow.js's own optimizers have at run time; their declarations hide them. */
interface TfjsFields {
  readonly learningRate?: number;
  readonly momentum?: number;
  readonly accumulations?: TfjsSlots;
  readonly accumulatedFirstMoment?: TfjsSlots;
  readonly accumulatedSecondMoment?: TfjsSlots;
  readonly accumulatedMeanSquares?: TfjsSlots;
}

/**
 * A view of any `tf.Optimizer`: its own, where it has the members of one (core's `sgd`, wrappers); exact for
 * `tf.train.sgd`, `momentum`, `adam` and `rmsprop`; the learning rate alone for others.
 */
export function viewBase(base: tf.Optimizer): BaseView {
  if (typeof (base as Partial<BaseView>).momentumBuffer === 'function') return base as unknown as BaseView;
  const fields = base as unknown as TfjsFields;
  // RMSProp and Adagrad have fields of these names with another meaning.
  const isMomentum = (base.constructor as { className?: string }).className === 'Momentum';
  const slots = (variables: readonly tf.Variable[], of: TfjsSlots | undefined, suffix: string) => {
    // Restored slots carry the names that the variables had.
    bindTfjsSlots(base, variables);
    return slotsOf(variables, of, suffix);
  };
  const momentum = (variables: readonly tf.Variable[]) =>
    isMomentum ? slots(variables, fields.accumulations, 'momentum') : undefined;
  return {
    learningRate: fields.learningRate ?? Number.NaN,
    momentum: isMomentum ? (fields.momentum ?? 0) : 0,
    weightDecay: 0,
    momentumBuffer: momentum,
    firstMoment: (variables) => momentum(variables) ?? slots(variables, fields.accumulatedFirstMoment, 'm'),
    secondMoment: (variables) =>
      slots(variables, fields.accumulatedSecondMoment, 'v') ??
      slots(variables, fields.accumulatedMeanSquares, 'rms'),
  };
}

/** The slots of the variables, zero for those that have none; undefined where no variable has. */
function slotsOf(
  variables: readonly tf.Variable[],
  slots: TfjsSlots | undefined,
  suffix: string,
): ParamVector | undefined {
  if (!slots || slots.length === 0) return undefined;
  const byName = new Map(slots.map((slot) => [slot?.originalName, slot?.variable]));
  return variables.map((variable) => byName.get(`${variable.name}/${suffix}`) ?? tf.zerosLike(variable));
}

/** The learning rate of the next update of these variables. */
export function learningRateFor(base: tf.Optimizer, variables: readonly tf.Variable[]): number {
  const view = viewBase(base);
  return view.learningRateOf?.(variables) ?? view.learningRate;
}

/** The view that a step of these variables has. */
export function viewFor(base: tf.Optimizer, variables: () => readonly tf.Variable[]): BaseView {
  const view = viewBase(base);
  if (!view.learningRateOf) return view;
  return {
    get learningRate() {
      return view.learningRateOf!(variables());
    },
    momentum: view.momentum,
    weightDecay: view.weightDecay,
    momentumBuffer: (of) => view.momentumBuffer(of),
    firstMoment: (of) => view.firstMoment(of),
    secondMoment: (of) => view.secondMoment(of),
  };
}
