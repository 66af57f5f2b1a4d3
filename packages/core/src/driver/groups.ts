import * as tf from '@tensorflow/tfjs-core';
import { axpy, sub } from '../algebra/vector.js';
import { matcher } from '../declare/matching.js';
import type { CheckedGroup } from './options.js';

/** A group's demands on one variable. */
type Settings = Omit<CheckedGroup, 'match'>;

/** The per-variable options of a list of groups. */
export class VariableGroups {
  readonly #groups: readonly (Settings & { readonly matches: (variable: tf.Variable) => boolean })[];
  readonly #ofRuns: readonly number[] | undefined;

  /**
   * @param ofRuns - Multipliers of the update, one per independent run.
   * @throws RangeError for a pattern that is no regular expression.
   */
  constructor(owner: string, groups: readonly CheckedGroup[], ofRuns?: readonly number[]) {
    this.#ofRuns = ofRuns;
    this.#groups = groups.map(({ match, ...settings }, i) => ({
      matches: matcher(`${owner}: expected groups[${i}].match`, match),
      ...settings,
    }));
  }

  /** The radius multipliers of the variables, or undefined where all are 1. */
  rhoFactors(variables: readonly tf.Variable[]): readonly number[] | undefined {
    return factorsUnlessOne(variables.map((variable) => this.#of(variable).rho));
  }

  /** The learning rate multipliers of the variables, or undefined where all are 1. */
  learningRateFactors(variables: readonly tf.Variable[]): readonly number[] | undefined {
    return factorsUnlessOne(variables.map((variable) => this.#of(variable).learningRate));
  }

  /** Runs an update of the variables, then scales what it did and decays the weights as the groups say. */
  around(variables: readonly tf.Variable[], learningRate: number, update: () => void): void {
    if (this.#ofRuns) {
      const before = variables.map((variable) => tf.clone(variable as tf.Tensor));
      this.#aroundGroups(variables, learningRate, update);
      tf.tidy(() => {
        const factors = tf.tensor1d([...this.#ofRuns!]);
        const moved = axpy(factors, sub(variables, before), before);
        for (const [i, variable] of variables.entries()) variable.assign(moved[i]!);
      });
      tf.dispose(before);
      return;
    }
    this.#aroundGroups(variables, learningRate, update);
  }

  #aroundGroups(variables: readonly tf.Variable[], learningRate: number, update: () => void): void {
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
    const group = this.#groups.find(({ matches }) => matches(variable));
    return {
      rho: group?.rho ?? 1,
      weightDecay: group?.weightDecay ?? 0,
      learningRate: group?.learningRate ?? 1,
    };
  }
}

function factorsUnlessOne(factors: readonly number[]): readonly number[] | undefined {
  return factors.every((factor) => factor === 1) ? undefined : factors;
}

function adjusted(now: tf.Tensor, before: tf.Tensor, settings: Settings, learningRate: number): tf.Tensor {
  const { learningRate: factor, weightDecay } = settings;
  // Factor 0 gives `before` itself: a frozen weight keeps its bits.
  const moved =
    factor === 1 ? now : factor === 0 ? before : tf.add(before, tf.mul(tf.sub(now, before), factor));
  const decay = learningRate * factor * weightDecay;
  return decay === 0 ? tf.clone(moved) : tf.sub(moved, tf.mul(before, decay));
}
