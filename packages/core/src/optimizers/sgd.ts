import * as tf from '@tensorflow/tfjs-core';
import { runFused } from '../algebra/fused.js';
import type { ParamVector } from '../algebra/vector.js';
import { complete } from '../declare/check.js';
import { boolean, type Checked, type ConfigOf, number, type OptionsOf, schedule } from '../declare/option.js';
import { definePart, type PartFunction } from '../declare/part.js';
import type { VariableGradient } from './gradients.js';
import { SlotOptimizer } from './slot-optimizer.js';

const declaredOptions = {
  learningRate: schedule({ doc: 'Step size' }),
  momentum: number({ min: 0, below: 1, default: 0, doc: 'Momentum factor; 0 is plain SGD' }),
  nesterov: boolean({ default: false, doc: "Nesterov's look-ahead; needs a momentum" }),
  weightDecay: number({ min: 0, default: 0, doc: 'Coupled (L2) weight decay, added to the gradient' }),
};

/** Options of `sgd`. */
export interface SgdOptions extends OptionsOf<typeof declaredOptions> {}

declare module '../kinds.js' {
  interface BaseOptimizerConfigs {
    sgd: ConfigOf<typeof declaredOptions>;
  }
}

const MOMENTUM = 'momentum';

/** An update and what it starts from. */
interface Step {
  readonly pairs: readonly VariableGradient[];
  readonly buffers: ParamVector | undefined;
  readonly learningRate: number;
}

/** Stochastic gradient descent with momentum and coupled weight decay: see `sgd`. */
export class SgdOptimizer extends SlotOptimizer {
  /** @ignore */
  static readonly className = 'TfjsSamSgd';
  /** @ignore */
  static override readonly configName = 'sgd';
  readonly #options: Checked<typeof declaredOptions>;
  /** Momentum factor in [0, 1). */
  override readonly momentum: number;
  /** Coupled weight decay >= 0. */
  override readonly weightDecay: number;

  constructor(options: SgdOptions) {
    const checked = complete('sgd', declaredOptions, options);
    const { momentum, nesterov, weightDecay } = checked;
    if (nesterov && momentum === 0) throw new RangeError('sgd: expected a momentum > 0 with nesterov, got 0');
    super('sgd', checked, checked.learningRate, [MOMENTUM]);
    this.#options = checked;
    this.momentum = momentum;
    this.weightDecay = weightDecay;
  }

  /**
   * The momentum buffers of the variables, zero for those that never were updated; undefined before the first update
   * and without momentum.
   */
  override momentumBuffer(variables: readonly tf.Variable[]): ParamVector | undefined {
    return this.momentum === 0 ? undefined : this.memoryOf(MOMENTUM, variables);
  }

  /** @ignore */
  protected override update(pairs: readonly VariableGradient[], learningRate: number): void {
    // A buffer of zeros gives v = g on the first update.
    const buffers = this.momentum === 0 ? undefined : this.slotsOf(MOMENTUM, pairs);
    const step = { pairs, buffers, learningRate };
    const { variables, velocities } = this.#fused(step) ?? this.#composed(step);
    for (const [i, { variable }] of pairs.entries()) {
      variable.assign(variables[i]!);
      if (velocities) this.slots.assign(MOMENTUM, variable.name, velocities[i]!);
    }
  }

  #fused({ pairs, buffers, learningRate }: Step) {
    const outputs = runFused(
      'SamSgd',
      {
        g: pairs.map(({ gradient }) => gradient),
        p: pairs.map(({ variable }) => variable),
        ...(buffers && { v: buffers }),
      },
      {
        learningRate,
        momentum: this.momentum,
        nesterov: this.#options.nesterov,
        weightDecay: this.weightDecay,
      },
    );
    if (outputs === undefined) return undefined;
    const { length } = pairs;
    return { variables: outputs.slice(0, length), velocities: buffers && outputs.slice(length) };
  }

  /** g ← g + λθ;  v ← μv + g;  θ ← θ − lr (nesterov ? g + μv : v). */
  #composed({ pairs, buffers, learningRate }: Step) {
    const decayed = pairs.map(({ variable, gradient }) =>
      this.weightDecay === 0 ? gradient : tf.add(gradient, tf.mul(variable, this.weightDecay)),
    );
    const velocities = buffers?.map((buffer, i) => tf.add(tf.mul(buffer, this.momentum), decayed[i]!));
    const step = (i: number) => {
      if (velocities === undefined) return decayed[i]!;
      return this.#options.nesterov
        ? tf.add(decayed[i]!, tf.mul(velocities[i]!, this.momentum))
        : velocities[i]!;
    };
    const variables = pairs.map(({ variable }, i) => tf.sub(variable, tf.mul(step(i), learningRate)));
    return { variables, velocities };
  }
}

/**
 * Stochastic gradient descent with PyTorch's semantics, which TensorFlow.js's own lacks: coupled weight decay, and
 * Nesterov together with it.
 *
 *   g ← ∇L + λθ;   v ← μv + g;   θ ← θ − lr · (nesterov ? g + μv : v)
 *
 * State is keyed by variable name, restored exactly, and the learning rate may be a schedule.
 *
 * @throws RangeError for a number out of its range; TypeError when `learningRate` is neither number nor function.
 */
export const sgd: PartFunction<SgdOptions, SgdOptimizer, 'base-optimizer'> = definePart({
  kind: 'base-optimizer',
  name: 'sgd',
  doc: "Stochastic gradient descent with momentum and coupled weight decay, PyTorch's semantics",
  source: 'Polyak 1964, doi 10.1016/0041-5553(64)90137-5',
  gradients: 1,
  options: declaredOptions,
  create: (checked) => new SgdOptimizer(checked),
});

tf.serialization.registerClass(SgdOptimizer);
