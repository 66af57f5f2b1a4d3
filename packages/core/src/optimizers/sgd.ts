import * as tf from '@tensorflow/tfjs-core';
import { type ParamVector, runFused } from '../algebra/vector.js';
import { registerFactory } from '../declare/config.js';
import { requireInRange, requireNonNegative } from '../declare/errors.js';
import type { Schedule } from '../declare/schedules.js';
import type { VariableGradient } from './gradients.js';
import { SlotOptimizer } from './slot-optimizer.js';

/** Options of `sgd`. */
export interface SgdOptions {
  /** Step size >= 0, or a schedule of it. No default. */
  readonly learningRate: Schedule;
  /** Momentum factor in [0, 1). Default 0: plain SGD. */
  readonly momentum?: number | undefined;
  /** Nesterov's look-ahead; needs a momentum. Default false. */
  readonly nesterov?: boolean | undefined;
  /** Coupled (L2) weight decay >= 0, added to the gradient. Default 0. */
  readonly weightDecay?: number | undefined;
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
  readonly #options: SgdOptions;
  /** Momentum factor in [0, 1). */
  override readonly momentum: number;
  /** Coupled weight decay >= 0. */
  override readonly weightDecay: number;

  constructor(options: SgdOptions) {
    super('sgd', options, options.learningRate, [MOMENTUM]);
    const { momentum = 0, nesterov = false, weightDecay = 0 } = options;
    requireInRange('sgd', 'momentum', momentum, 0, 1);
    requireNonNegative('sgd', 'weightDecay', weightDecay);
    if (nesterov && momentum === 0) throw new RangeError('sgd: expected a momentum > 0 with nesterov, got 0');
    this.#options = options;
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
        nesterov: this.#options.nesterov ?? false,
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
export function sgd(options: SgdOptions): SgdOptimizer {
  return new SgdOptimizer(options);
}

registerFactory('base-optimizer', 'sgd', (options) => sgd(options as unknown as SgdOptions));
tf.serialization.registerClass(SgdOptimizer);
