import * as tf from '@tensorflow/tfjs-core';
import type { ParamVector } from '../algebra/vector.js';
import { registerFactory } from '../declare/config.js';
import { requireInRange, requireNonNegative } from '../declare/errors.js';
import type { Schedule } from '../declare/schedules.js';
import type { VariableGradient } from './gradients.js';
import { SlotOptimizer } from './slot-optimizer.js';

/** Options of `lion`. */
export interface LionOptions {
  /** Step size >= 0, or a schedule of it: 3 to 10 times smaller than Adam's. Default 1e-4 (the paper's code). */
  readonly learningRate?: Schedule | undefined;
  /** Share of the old momentum in the direction, in [0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the momentum, in [0, 1). Default 0.99. */
  readonly beta2?: number | undefined;
  /** Decoupled weight decay >= 0, multiplied by the learning rate. Default 0. */
  readonly weightDecay?: number | undefined;
  /** Which variables decay. Default all. */
  readonly decay?: ((variable: tf.Variable) => boolean) | undefined;
}

const MOMENTUM = 'm';

/** Steps of the sign of a momentum: see `lion`. */
export class LionOptimizer extends SlotOptimizer {
  /** @ignore */
  static readonly className = 'TfjsSamLion';
  /** @ignore */
  static override readonly configName = 'lion';
  readonly #given: LionOptions;
  readonly #options: { beta1: number; beta2: number; weightDecay: number };

  constructor(options: LionOptions = {}) {
    super('lion', options, options.learningRate ?? 1e-4, [MOMENTUM]);
    const { beta1 = 0.9, beta2 = 0.99, weightDecay = 0 } = options;
    requireInRange('lion', 'beta1', beta1, 0, 1);
    requireInRange('lion', 'beta2', beta2, 0, 1);
    requireNonNegative('lion', 'weightDecay', weightDecay);
    this.#given = options;
    this.#options = { beta1, beta2, weightDecay };
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
    const decays = weightDecay !== 0 && (this.#given.decay?.(variable) ?? true);
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
export function lion(options: LionOptions = {}): LionOptimizer {
  return new LionOptimizer(options);
}

registerFactory('base-optimizer', 'lion', (options) => lion(options as LionOptions));
tf.serialization.registerClass(LionOptimizer);
