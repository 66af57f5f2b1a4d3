import * as tf from '@tensorflow/tfjs-core';
import type { ParamVector } from '../algebra/vector.js';
import { complete } from '../declare/check.js';
import { matcher, someVariables } from '../declare/matching.js';
import { type Checked, type ConfigOf, number, type OptionsOf, schedule } from '../declare/option.js';
import { definePart, type PartFunction } from '../declare/part.js';
import type { VariableGradient } from './gradients.js';
import { SlotOptimizer } from './slot-optimizer.js';

const declaredOptions = {
  learningRate: schedule({ default: 1e-4, doc: "Step size: 3 to 10 times smaller than Adam's" }),
  beta1: number({ min: 0, below: 1, default: 0.9, doc: 'Share of the old momentum in the direction' }),
  beta2: number({ min: 0, below: 1, default: 0.99, doc: 'Decay of the momentum' }),
  weightDecay: number({
    min: 0,
    default: 0,
    doc: 'Decoupled weight decay, multiplied by the learning rate',
  }),
  decay: someVariables('The variables that decay', 'all'),
};

/** Options of `lion`. */
export interface LionOptions extends OptionsOf<typeof declaredOptions> {}

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    lion: ConfigOf<typeof declaredOptions>;
  }
}

const MOMENTUM = 'm';

/** Steps of the sign of a momentum: see `lion`. */
export class LionOptimizer extends SlotOptimizer {
  /** @ignore */
  static readonly className = 'TfjsSamLion';
  /** @ignore */
  static override readonly configName = 'lion';
  readonly #options: Checked<typeof declaredOptions>;
  readonly #decays: (variable: tf.Variable) => boolean;

  constructor(options: LionOptions = {}) {
    const checked = complete('lion', declaredOptions, options);
    super('lion', checked, checked.learningRate, [MOMENTUM]);
    this.#options = checked;
    this.#decays = matcher('lion: expected decay', checked.decay) ?? (() => true);
  }

  /** The momentum m. */
  override firstMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    return this.memoryOf(MOMENTUM, variables);
  }

  /** @ignore */
  protected override update(pairs: readonly VariableGradient[], learningRate: number): void {
    const momenta = this.slotsOf(MOMENTUM, pairs);
    for (const [i, pair] of pairs.entries()) tf.tidy(() => this.#updateOne(pair, momenta[i]!, learningRate));
  }

  /** c ← β₁m + (1−β₁)g;  θ ← θ − lr (sign c + λθ);  m ← β₂m + (1−β₂)g. */
  #updateOne({ variable, gradient }: VariableGradient, momentum: tf.Tensor, learningRate: number): void {
    const { beta1, beta2, weightDecay } = this.#options;
    const mix = (beta: number) => tf.add(tf.mul(momentum, beta), tf.mul(gradient, 1 - beta));
    const decays = weightDecay !== 0 && this.#decays(variable);
    const decayed = decays ? tf.mul(variable, 1 - learningRate * weightDecay) : variable;
    const mixed = mix(beta1);
    // TensorFlow.js's sign of NaN is 0: the training would stand still without a word.
    const sign = tf.where(tf.isNaN(mixed), mixed, tf.sign(mixed));
    const next = tf.sub(decayed, tf.mul(sign, learningRate)) as tf.Tensor;
    this.slots.assign(MOMENTUM, variable.name, mix(beta2));
    variable.assign(next);
  }
}

/**
 * Lion: every weight moves by exactly the learning rate, in the direction of the sign of a momentum.
 *
 *   θ ← θ − lr (sign(β₁m + (1−β₁)g) + λθ);   m ← β₂m + (1−β₂)g
 *
 * Half the memory of Adam. A sign hides a gradient's size: clipping inside it changes little, and a NaN gradient
 * reaches the weights.
 *
 * @throws RangeError for a number out of its range; TypeError when `learningRate` is neither number nor function.
 * @see Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms", algorithm 2. https://arxiv.org/abs/2302.06675
 */
export const lion: PartFunction<LionOptions, LionOptimizer, 'base-optimizer'> = definePart({
  kind: 'base-optimizer',
  name: 'lion',
  doc: 'Steps of the sign of a momentum',
  source: 'Chen et al. 2023, arXiv 2302.06675',
  gradients: 1,
  options: declaredOptions,
  create: (checked) => new LionOptimizer(checked),
});

tf.serialization.registerClass(LionOptimizer);
