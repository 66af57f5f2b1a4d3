import * as tf from '@tensorflow/tfjs-core';
import { runFused } from '../algebra/fused.js';
import type { ParamVector } from '../algebra/vector.js';
import { complete } from '../declare/check.js';
import { matcher, someVariables } from '../declare/matching.js';
import { boolean, type Checked, type ConfigOf, number, type OptionsOf, schedule } from '../declare/option.js';
import { definePart, type PartFunction } from '../declare/part.js';
import { type NamedTensor, UPDATES } from '../oracle/slots.js';
import type { VariableGradient } from './gradients.js';
import { momentOptions } from './moments.js';
import type { Commit } from './parts.js';
import { SlotOptimizer } from './slot-optimizer.js';

const declaredOptions = {
  learningRate: schedule({ default: 0.001, doc: 'Step size' }),
  ...momentOptions,
  weightDecay: number({
    min: 0,
    default: 0.01,
    doc: 'Weight decay: decoupled, multiplied by the learning rate, or `coupled`',
  }),
  coupled: boolean({
    default: false,
    doc: 'Adds the decay to the gradient instead, as `torch.optim.Adam` does',
  }),
  amsgrad: boolean({
    default: false,
    doc: 'Keeps the second moment from falling: AMSGrad. Costs one more copy of the weights',
  }),
  decay: someVariables('The variables that decay', 'all'),
};

/** Options of `adamw`. */
export interface AdamWOptions extends OptionsOf<typeof declaredOptions> {}

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    adamw: ConfigOf<typeof declaredOptions>;
  }
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

/** Variables of one history, and how many updates they have had. */
interface Alike {
  readonly pairs: readonly VariableGradient[];
  readonly updates: tf.Tensor;
}

/** One update of variables of one history. */
interface Step {
  readonly given: readonly VariableGradient[];
  readonly decays: readonly number[];
  readonly updates: tf.Tensor;
  readonly learningRate: number;
}

/** Adam with decoupled weight decay: see `adamw`. */
export class AdamWOptimizer extends SlotOptimizer {
  /** @ignore */
  static readonly className = 'TfjsSamAdamW';
  /** @ignore */
  static override readonly configName = 'adamw';
  readonly #options: Checked<typeof declaredOptions>;
  readonly #decaying: (variable: tf.Variable) => boolean;

  constructor(options: AdamWOptions = {}) {
    const checked = complete('adamw', declaredOptions, options);
    super('adamw', checked, checked.learningRate, [FIRST, SECOND, LARGEST]);
    this.#options = checked;
    this.#decaying = matcher('adamw: expected decay', checked.decay) ?? (() => true);
  }

  /** The first moment m, without bias correction. */
  override firstMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    return this.memoryOf(FIRST, variables);
  }

  /** The second moment v, without bias correction. */
  override secondMoment(variables: readonly tf.Variable[]): ParamVector | undefined {
    return this.memoryOf(SECOND, variables);
  }

  /** @ignore States from before there were counts have none: then each variable has that of the steps. */
  override async stageState(weights: readonly NamedTensor[]): Promise<Commit> {
    const commit = await super.stageState(weights);
    const isUpdates = ({ name }: NamedTensor) => name.startsWith(`${UPDATES}:`);
    const moments = weights.filter(({ name }) => name.startsWith(`${FIRST}:`));
    const counts = weights.some(isUpdates) ? weights.filter(isUpdates) : moments;
    if (counts.length !== moments.length)
      throw new Error(`state: expected "${UPDATES}" of every variable or of none, got ${counts.length}`);
    const { wholeNumber } = await import('./restoring.js');
    const numbers = await Promise.all(
      counts.map((entry) => wholeNumber('adamw', isUpdates(entry) ? entry : weights[0]!)),
    );
    return async () => {
      await commit();
      for (const number of new Set(numbers)) {
        const names = counts.flatMap(({ name }, i) =>
          numbers[i] === number ? [name.slice(name.indexOf(':') + 1)] : [],
        );
        tf.tidy(() => this.slots.share(UPDATES, names, tf.scalar(number)));
      }
    };
  }

  /** @ignore */
  protected override update(pairs: readonly VariableGradient[], learningRate: number): void {
    for (const alike of this.#byUpdates(pairs)) this.#updateAlike(alike, learningRate);
  }

  /**
   * The variables by how many updates they have had, this one included. The count is the device's: that of a skipped update
   * is taken back together with the moments.
   */
  #byUpdates(pairs: readonly VariableGradient[]): Alike[] {
    const slots = this.slots.findEach(
      UPDATES,
      pairs.map(({ variable }) => variable),
    );
    const groups = new Map<object | undefined, Alike>();
    for (const [i, pair] of pairs.entries()) {
      const slot = slots[i];
      const updates = groups.get(slot?.dataId)?.updates ?? (slot ? tf.add(slot, 1) : tf.scalar(1));
      const before = groups.get(slot?.dataId)?.pairs ?? [];
      groups.set(slot?.dataId, { pairs: [...before, pair], updates });
    }
    return [...groups.values()];
  }

  #updateAlike({ pairs, updates }: Alike, learningRate: number): void {
    const decays = this.#decays(pairs);
    const { coupled, amsgrad } = this.#options;
    const given = coupled ? pairs.map((pair, i) => withDecay(pair, decays[i]!)) : pairs;
    const step = { given, decays: coupled ? decays.map(() => 0) : decays, updates, learningRate };
    const { p, m, v, largest } = (amsgrad ? undefined : this.#fused(step)) ?? this.#composed(step);
    this.slots.share(
      UPDATES,
      pairs.map(({ variable }) => variable.name),
      updates,
    );
    for (const [i, { variable }] of pairs.entries()) {
      variable.assign(p[i]!);
      this.slots.assign(FIRST, variable.name, m[i]!);
      this.slots.assign(SECOND, variable.name, v[i]!);
      if (largest) this.slots.assign(LARGEST, variable.name, largest[i]!);
    }
  }

  /** Each variable's decay per unit of learning rate. */
  #decays(pairs: readonly VariableGradient[]): number[] {
    return pairs.map(({ variable }) => (this.#decaying(variable) ? this.#options.weightDecay : 0));
  }

  #fused({ given: pairs, decays: weightDecay, updates, learningRate }: Step): Outputs | undefined {
    const { beta1, beta2, epsilon } = this.#options;
    const outputs = runFused(
      'SamAdamW',
      {
        g: pairs.map(({ gradient }) => gradient),
        p: pairs.map(({ variable }) => variable),
        m: this.slotsOf(FIRST, pairs),
        v: this.slotsOf(SECOND, pairs),
        updates,
      },
      {
        learningRate,
        beta1,
        beta2,
        epsilon,
        weightDecay,
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

  #composed({ given: pairs, decays, updates, learningRate: rate }: Step): Outputs {
    const { beta1, beta2, epsilon, amsgrad } = this.#options;
    const [correction1, correction2] = [correction(beta1, updates), correction(beta2, updates)];
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

/** 1 − βᵗ, without the cancellation that a power has where it is close to 1. */
function correction(beta: number, updates: tf.Tensor): tf.Tensor {
  return tf.neg(tf.expm1(tf.mul(updates, Math.log(beta))));
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
export const adamw: PartFunction<AdamWOptions, AdamWOptimizer, 'base-optimizer'> = definePart({
  kind: 'base-optimizer',
  name: 'adamw',
  doc: 'Adam with decoupled weight decay',
  source: 'Loshchilov and Hutter 2019, arXiv 1711.05101',
  gradients: 1,
  options: declaredOptions,
  create: (checked) => new AdamWOptimizer(checked),
});

tf.serialization.registerClass(AdamWOptimizer);
