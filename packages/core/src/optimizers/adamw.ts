import * as tf from '@tensorflow/tfjs-core';
import { type ParamVector, runFused } from '../algebra/vector.js';
import { registerFactory } from '../declare/config.js';
import { requireInRange, requireNonNegative, requirePositive } from '../declare/errors.js';
import type { Schedule } from '../declare/schedules.js';
import type { VariableGradient } from './gradients.js';
import { SlotOptimizer } from './slot-optimizer.js';

/** Options of `adamw`. */
export interface AdamWOptions {
  /** Step size >= 0, or a schedule of it. Default 0.001. */
  readonly learningRate?: Schedule | undefined;
  /** Decay of the first moment, in [0, 1). Default 0.9. */
  readonly beta1?: number | undefined;
  /** Decay of the second moment, in [0, 1). Default 0.999. */
  readonly beta2?: number | undefined;
  /** Guard > 0, added to the root of the second moment. Default 1e-7 (TensorFlow.js's). */
  readonly epsilon?: number | undefined;
  /** Weight decay >= 0: decoupled, multiplied by the learning rate, or `coupled`. Default 0.01. */
  readonly weightDecay?: number | undefined;
  /** Whether the decay is added to the gradient instead, as `torch.optim.Adam` does. Default false. */
  readonly coupled?: boolean | undefined;
  /** Whether the second moment never falls: AMSGrad. Default false. Costs one more copy of the weights. */
  readonly amsgrad?: boolean | undefined;
  /** Which variables decay. Default all. */
  readonly decay?: ((variable: tf.Variable) => boolean) | undefined;
}

const FIRST = 'm';
const SECOND = 'v';
const LARGEST = 'v-max';

/** Variables and moments after an update; the largest second moments with AMSGrad. */
interface Outputs {
  readonly p: ParamVector;
  readonly m: ParamVector;
  readonly v: ParamVector;
  readonly largest?: ParamVector;
}

/** Adam with decoupled weight decay: see `adamw`. */
export class AdamWOptimizer extends SlotOptimizer {
  /** @ignore */
  static readonly className = 'TfjsSamAdamW';
  /** @ignore */
  static override readonly configName = 'adamw';
  readonly #given: AdamWOptions;
  readonly #options: {
    readonly beta1: number;
    readonly beta2: number;
    readonly epsilon: number;
    readonly weightDecay: number;
    readonly coupled: boolean;
    readonly amsgrad: boolean;
  };

  constructor(options: AdamWOptions = {}) {
    super('adamw', options, options.learningRate ?? 1e-3, [FIRST, SECOND, LARGEST]);
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-7, weightDecay = 0.01 } = options;
    const { coupled = false, amsgrad = false } = options;
    requireInRange('adamw', 'beta1', beta1, 0, 1);
    requireInRange('adamw', 'beta2', beta2, 0, 1);
    requirePositive('adamw', 'epsilon', epsilon);
    requireNonNegative('adamw', 'weightDecay', weightDecay);
    this.#given = options;
    this.#options = { beta1, beta2, epsilon, weightDecay, coupled, amsgrad };
  }

  /** The first moment m, without bias correction. */
  override firstMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    return this.memoryOf(FIRST, variables);
  }

  /** The second moment v, without bias correction. */
  override secondMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    return this.memoryOf(SECOND, variables);
  }

  /** @ignore */
  protected override update(pairs: readonly VariableGradient[], learningRate: number): void {
    const decays = this.#decays(pairs);
    const { coupled, amsgrad } = this.#options;
    const given = coupled ? pairs.map((pair, i) => withDecay(pair, decays[i]!)) : pairs;
    const decoupled = coupled ? decays.map(() => 0) : decays;
    const { p, m, v, largest } =
      (amsgrad ? undefined : this.#fused(given, decoupled, learningRate)) ??
      this.#composed(given, decoupled, learningRate);
    for (const [i, { variable }] of pairs.entries()) {
      variable.assign(p[i]!);
      this.slots.assign(FIRST, variable.name, m[i]!);
      this.slots.assign(SECOND, variable.name, v[i]!);
      if (largest) this.slots.assign(LARGEST, variable.name, largest[i]!);
    }
  }

  /** Each variable's decay per unit of learning rate. */
  #decays(pairs: readonly VariableGradient[]): number[] {
    const { decay } = this.#given;
    return pairs.map(({ variable }) => (decay && !decay(variable) ? 0 : this.#options.weightDecay));
  }

  /** Bias corrections 1 − βᵗ of the update to come, from the step count: a restored optimizer has the same. */
  #corrections(): [number, number] {
    const t = this.iterations + 1;
    return [1 - this.#options.beta1 ** t, 1 - this.#options.beta2 ** t];
  }

  #fused(
    pairs: readonly VariableGradient[],
    weightDecay: readonly number[],
    learningRate: number,
  ): Outputs | undefined {
    const [correction1, correction2] = this.#corrections();
    const { beta1, beta2, epsilon } = this.#options;
    const outputs = runFused(
      'SamAdamW',
      {
        g: pairs.map(({ gradient }) => gradient),
        p: pairs.map(({ variable }) => variable),
        m: this.slotsOf(FIRST, pairs),
        v: this.slotsOf(SECOND, pairs),
      },
      {
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay,
        correction1,
        correction2,
      },
    );
    if (outputs === undefined) return undefined;
    const { length } = pairs;
    return {
      p: outputs.slice(0, length),
      m: outputs.slice(length, 2 * length),
      v: outputs.slice(2 * length),
    };
  }

  #composed(pairs: readonly VariableGradient[], decays: readonly number[], rate: number): Outputs {
    const { beta1, beta2, epsilon, amsgrad } = this.#options;
    const [correction1, correction2] = this.#corrections();
    const average = (old: tf.Tensor, beta: number, value: tf.Tensor) =>
      tf.add(tf.mul(old, beta), tf.mul(value, 1 - beta)) as tf.Tensor;
    const m = this.slotsOf(FIRST, pairs).map((old, i) => average(old, beta1, pairs[i]!.gradient));
    const v = this.slotsOf(SECOND, pairs).map((old, i) => average(old, beta2, tf.square(pairs[i]!.gradient)));
    const largest = amsgrad
      ? this.slotsOf(LARGEST, pairs).map((old, i) => tf.maximum(old, v[i]!) as tf.Tensor)
      : undefined;
    const p = pairs.map(({ variable }, i) => {
      const root = tf.add(tf.sqrt(tf.div((largest ?? v)[i]!, correction2)), epsilon);
      const step = tf.mul(tf.div(tf.div(m[i]!, correction1), root), rate);
      const decayed = decays[i] === 0 ? variable : tf.mul(variable, 1 - rate * decays[i]!);
      return tf.sub(decayed, step) as tf.Tensor;
    });
    return { p, m, v, ...(largest && { largest }) };
  }
}

/** g + λθ. */
function withDecay({ variable, gradient }: VariableGradient, decay: number): VariableGradient {
  return { variable, gradient: decay === 0 ? gradient : tf.add(gradient, tf.mul(variable, decay)) };
}

/**
 * Adam with decoupled weight decay, which TensorFlow.js lacks.
 *
 *   θ ← θ (1 − lr λ);   m ← β₁m + (1−β₁)g;   v ← β₂v + (1−β₂)g²;   θ ← θ − lr · m̂ / (√v̂ + ε)
 *
 * `coupled` decays as `torch.optim.Adam` (g ← g + λθ); `amsgrad` divides by the largest v so far
 * (Reddi et al. 2018, "On the Convergence of Adam and Beyond", https://arxiv.org/abs/1904.09237).
 *
 * State is keyed by variable name and restored exactly: a resumed training continues bit for bit.
 *
 * @throws RangeError for a number out of its range; TypeError when `learningRate` is neither number nor function.
 * @see Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2. https://arxiv.org/abs/1711.05101
 */
export function adamw(options: AdamWOptions = {}): AdamWOptimizer {
  return new AdamWOptimizer(options);
}

registerFactory('base-optimizer', 'adamw', (options) => adamw(options as AdamWOptions));
tf.serialization.registerClass(AdamWOptimizer);
