import type * as tf from '@tensorflow/tfjs-core';
import { materialise, type Perturbation } from '../algebra/perturbation.js';
import type { ParamVector } from '../algebra/vector.js';
import type { Objective } from '../oracle/objective.js';
import type { GradientOracle } from '../oracle/oracle.js';

/** A rule's result of a step. */
export interface RuleStep {
  /** The loss that `minimize` reports: Scalar. */
  readonly loss: tf.Scalar;
  /** The direction that the base optimizer receives in place of the gradient. */
  readonly direction: ParamVector;
  /** Directions that the base optimizer receives before that one, each for an update of its own. Default none. */
  readonly preceding?: readonly ParamVector[];
  /**
   * Added to θ after the base optimizer's last update, outside its momentum and scaling; or what makes it from the weights
   * that it led to, given those that the first update led to as well.
   */
  readonly correction?: ParamVector | ((updated: readonly tf.Variable[], first: ParamVector) => ParamVector);
  /**
   * True of a sharpness-aware step: a boolean, or a bool Scalar on the device. Default true. Reported as
   * `StepReport.isActive`.
   */
  readonly active?: boolean | tf.Tensor;
}

/** Turns an oracle into a descent direction: what to ask, and what to make of it. */
export interface SharpnessRule {
  /** Name in messages. */
  readonly name: string;
  /** 'ascent' for a rule that climbs another objective than it descends: its loss is told which is wanted. */
  readonly objective?: Objective | undefined;
  /** Runs inside the step's tidy: intermediate tensors need no disposal. */
  direction(oracle: GradientOracle): RuleStep;
  /**
   * Runs after the base optimizer's update, at the new θ, with the same batch; the step is undone when it throws.
   * Not called by `computeGradients`.
   */
  afterStep?(oracle: GradientOracle): void;
}

/** A two-pass rule's knowledge when it chooses the direction. */
export interface DescentContext {
  /** g, the gradient of the first pass: at θ, of the objective that the perturbation climbs. */
  readonly gradient: ParamVector;
  /** gₚ, the descent objective's gradient at θ + δ. */
  readonly perturbedGradient: ParamVector;
  /** δ. */
  readonly perturbation: ParamVector;
  /** Loss of the first pass. */
  readonly loss: tf.Scalar;
  /** Loss of the second pass. */
  readonly perturbedLoss: tf.Scalar;
  /** The step's oracle, for combiners that need more. */
  readonly oracle: GradientOracle;
}

/** The two halves of a two-pass rule. */
export interface TwoPassOptions {
  /** Name for messages and configurations. Default 'two-pass'. */
  readonly name?: string | undefined;
  /** The objective that the first pass evaluates. Default 'descent'. */
  readonly objective?: Objective | undefined;
  /** δ from the gradient at θ, as a vector or as a scaled one. */
  readonly perturb: (gradient: ParamVector, oracle: GradientOracle) => Perturbation;
  /** The direction. Default: the perturbed gradient, as plain SAM. */
  readonly descend?: ((context: DescentContext) => ParamVector) | undefined;
}

/**
 * A rule of two passes over the batch: the gradient at θ gives the perturbation, the gradient at θ + δ the
 * direction. Cost: one extra gradient.
 *
 * The reported loss is that of the first pass, or, where that one climbs an objective of its own ('ascent'), the
 * descent objective's at θ + δ.
 */
export function twoPass({
  name = 'two-pass',
  objective = 'descent',
  perturb,
  descend,
}: TwoPassOptions): SharpnessRule {
  return {
    name,
    objective,
    direction: (oracle) => {
      const { loss, gradient } = oracle.evaluate({ objective });
      const perturbation = perturb(gradient, oracle);
      const perturbed = oracle.evaluate({ perturbation, donate: descend === undefined });
      const direction =
        descend?.({
          gradient,
          perturbedGradient: perturbed.gradient,
          // Multiplied out only for a rule that reads it.
          get perturbation() {
            return materialise(perturbation);
          },
          loss,
          perturbedLoss: perturbed.loss,
          oracle,
        }) ?? perturbed.gradient;
      return { loss: objective === 'ascent' ? perturbed.loss : loss, direction };
    },
  };
}
