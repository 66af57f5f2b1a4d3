import * as tf from '@tensorflow/tfjs-core';
import { requireNonNegative } from '../declare/errors.js';

/** Options of some of the variables. A variable belongs to the first group that matches it. */
export interface VariableGroup {
  /** Which variables: by name, shape, anything. */
  readonly match: (variable: tf.Variable) => boolean;
  /**
   * Multiplier f >= 0 of the radius ρ: the ball is stretched by f along these variables. 0 leaves them out of the
   * perturbation, and ρ is spent on the others. Default 1.
   */
  readonly rho?: number | undefined;
  /** Decoupled weight decay λ >= 0: θ ← θ − lr·λ·θ beside the base optimizer's update. Default 0. */
  readonly weightDecay?: number | undefined;
  /** Factor >= 0 of the base optimizer's whole update, exact for any base optimizer. 0 freezes. Default 1. */
  readonly learningRate?: number | undefined;
}

/** What a group asks of one variable. */
interface Settings {
  readonly rho: number;
  readonly weightDecay: number;
  readonly learningRate: number;
}

/** The per-variable options of a list of groups. */
export class VariableGroups {
  readonly #groups: readonly VariableGroup[];

  /** @throws TypeError when a `match` is no function; RangeError for a negative or non-finite number. */
  constructor(owner: string, groups: readonly VariableGroup[]) {
    for (const [i, { match, rho = 1, weightDecay = 0, learningRate = 1 }] of groups.entries()) {
      if (typeof match !== 'function') {
        throw new TypeError(
          `${owner}: expected groups[${i}].match to be a function (variable) => boolean, got ${match}`,
        );
      }
      requireNonNegative(owner, `groups[${i}].rho`, rho);
      requireNonNegative(owner, `groups[${i}].weightDecay`, weightDecay);
      requireNonNegative(owner, `groups[${i}].learningRate`, learningRate);
    }
    this.#groups = groups;
  }

  /** The radius multipliers of the variables, or undefined where all are 1. */
  rhoFactors(variables: readonly tf.Variable[]): readonly number[] | undefined {
    if (this.#groups.every(({ rho = 1 }) => rho === 1)) return undefined;
    return variables.map((variable) => this.#of(variable).rho);
  }

  /** The learning rate multipliers of the variables, or undefined where all are 1. */
  learningRateFactors(variables: readonly tf.Variable[]): readonly number[] | undefined {
    if (this.#groups.every(({ learningRate = 1 }) => learningRate === 1)) return undefined;
    return variables.map((variable) => this.#of(variable).learningRate);
  }

  /** Runs an update of the variables, then scales what it did and decays the weights as the groups say. */
  around(variables: readonly tf.Variable[], learningRate: number, update: () => void): void {
    if (this.#groups.length === 0) {
      update();
      return;
    }
    const chosen = variables
      .map((variable) => ({ variable, settings: this.#of(variable) }))
      .filter(({ settings }) => settings.learningRate !== 1 || settings.weightDecay !== 0)
      .map((entry) => ({ ...entry, before: tf.clone(entry.variable) }));
    update();
    for (const { variable, settings, before } of chosen) {
      tf.tidy(() => variable.assign(adjusted(variable, before, settings, learningRate)));
      before.dispose();
    }
  }

  #of(variable: tf.Variable): Settings {
    const group = this.#groups.find(({ match }) => match(variable));
    return {
      rho: group?.rho ?? 1,
      weightDecay: group?.weightDecay ?? 0,
      learningRate: group?.learningRate ?? 1,
    };
  }
}

function adjusted(now: tf.Tensor, before: tf.Tensor, settings: Settings, learningRate: number): tf.Tensor {
  const { learningRate: factor, weightDecay } = settings;
  // Factor 0 gives `before` itself: a frozen weight keeps its bits.
  const moved =
    factor === 1 ? now : factor === 0 ? before : tf.add(before, tf.mul(tf.sub(now, before), factor));
  const decay = learningRate * factor * weightDecay;
  return decay === 0 ? tf.clone(moved) : tf.sub(moved, tf.mul(before, decay));
}
