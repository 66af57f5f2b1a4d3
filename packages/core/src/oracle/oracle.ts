import type * as tf from '@tensorflow/tfjs-core';
import type { Perturbation } from '../algebra/perturbation.js';
import { requireOneRun } from '../algebra/runs.js';
import type { ParamVector } from '../algebra/vector.js';
import type { KinkKeeping } from '../engine/kinks.js';
import type { Draws } from '../engine/randomness.js';
import type { BaseView } from '../optimizers/base-view.js';
import type { ExampleScope } from './examples.js';
import type { LossClosure, Objective } from './objective.js';
import type { RuleState } from './state.js';

/** An evaluation to make. Everything left out means: the descent objective of the batch, at θ. */
export interface EvaluationRequest {
  /** Displacement δ: the evaluation happens at θ + δ, and θ is put back bit for bit. */
  readonly perturbation?: Perturbation | undefined;
  /** The objective that the closure is asked for. Default 'descent'. */
  readonly objective?: Objective | undefined;
  /** Another loss than the batch's: a single example's, say. */
  readonly loss?: LossClosure | undefined;
  /**
   * One weight per example, [batch]: the loss is their weighted mean, Σ wᵢ ℓᵢ / Σ wᵢ. Needs a loss that tells its
   * examples' losses: see `Evaluation.losses`. Default all alike.
   */
  readonly weights?: tf.Tensor1D | undefined;
  /**
   * The rule reads neither the perturbation nor a gradient at θ again: this evaluation may use their memory. Default
   * false.
   */
  readonly donate?: boolean | undefined;
  /**
   * `frozenKinks`: ReLUs, max pooling, maxima and comparisons choose as they do at θ, and random numbers are drawn as
   * there, so that the loss is smooth along the perturbation: for differences. Default: they choose afresh. Cost of the
   * first such evaluation of a loss: one value more; memory: about that of the activations, until the step ends.
   */
  readonly kinks?: KinkKeeping | undefined;
  /** A measurement beside the rule's own passes (curvature, neighbours): left out of the step's report. */
  readonly probe?: boolean | undefined;
}

/** Where and what to evaluate without a gradient: as `EvaluationRequest`. */
export type ValueRequest = Pick<EvaluationRequest, 'perturbation' | 'objective' | 'loss' | 'kinks'>;

/** A loss and its gradient at one point. */
export interface Evaluation {
  /** Scalar, in loss units. */
  readonly loss: tf.Scalar;
  /** One tensor per variable, in `oracle.variables`' order; zero for variables that the loss does not reach. */
  readonly gradient: ParamVector;
  /**
   * Losses of the examples, [batch], unweighed: where the closure returns a vector, or the model was compiled with
   * `exampleLoss`; of several micro-batches, one after the other. Else absent.
   */
  readonly losses?: tf.Tensor1D;
}

/**
 * Answers one question: loss and gradient at θ + perturbation, for the ascent or the descent objective.
 *
 * An oracle lives for one step. It alone moves the variables, and puts them back from saved tensors, also when
 * the closure throws. Tensors that it returns belong to the step's scope: a rule does not dispose them.
 */
export interface GradientOracle {
  /** The variables being trained, in the order of every ParamVector of this step. */
  readonly variables: readonly tf.Variable[];
  /**
   * The step number, from 0, of this set of variables: the argument of schedules and, with a seed, of random draws. Two
   * models that one optimizer trains in turn count each for itself.
   */
  readonly step: number;
  /** The rule's own memory, saved and disposed with the optimizer. */
  readonly state: RuleState;
  /** The base optimizer's next update: learning rate, momentum, weight decay. */
  readonly base: BaseView;
  /** Multipliers of the radius, one per variable (see `VariableGroup`); absent where all are 1. */
  readonly rhoFactors?: readonly number[] | undefined;
  /** Multipliers of the base optimizer's update, one per variable (see `VariableGroup`); absent where all are 1. */
  readonly learningRateFactors?: readonly number[] | undefined;
  /** False once a frozen evaluation met kinks that it cannot hold: differences of gradients are then not to be believed. */
  readonly kinksHeld?: boolean;
  /**
   * The number of the step's next random draw, from 0: a sampler's `index`. Micro-batches with perturbations of their own
   * count each for itself, from numbers that no other reaches.
   */
  nextDraw(): number;
  /**
   * Loss and gradient at θ + perturbation. All evaluations of a step see the same random numbers (dropout masks), each
   * micro-batch its own, unless the optimizer was made with `freshDraws`; probes do so always. Cost: one gradient; asking again at θ for the same objective is free.
   *
   * @throws Error when the loss is not a scalar or reaches no variable; whatever the closure throws.
   */
  evaluate(request?: EvaluationRequest): Evaluation;
  /**
   * The loss alone at θ + perturbation, for landscapes and searches along a line; left out of the step's report. Cost:
   * one value (a forward pass); free at θ after `evaluate` of the same objective.
   *
   * @throws Error when the loss is not a scalar; whatever the closure throws.
   */
  value(request?: ValueRequest): tf.Scalar;
  /**
   * The losses of the examples alone, [batch]: as `value`.
   *
   * @throws Error when the loss does not tell them: see `Evaluation.losses`.
   */
  losses(request?: ValueRequest): tf.Tensor1D;
  /**
   * The tensor that any function of the variables gives at θ + perturbation: a network's outputs, say. Cost: that of `f`.
   *
   * @throws Whatever `f` throws.
   */
  compute<T extends tf.Tensor>(f: () => T, request?: Pick<ValueRequest, 'perturbation' | 'kinks'>): T;
}

/** A step's oracle, for trainers that have other threads evaluate its micro-batches. */
export interface PartOracle extends GradientOracle {
  /** The random numbers that evaluations of a micro-batch draw; undefined where each draws afresh. */
  drawsOf(microBatch: number): Draws | undefined;
  /**
   * As `evaluate`: `around` makes the evaluation of what this thread's part gives, which is computed when it asks. Where the
   * request weighs examples, it tells the weights of this part's.
   */
  evaluateAround(
    request: EvaluationRequest,
    around: (own: (examples?: ExampleScope) => Evaluation) => Evaluation,
  ): Evaluation;
  /**
   * Runs `f` as the rule's step of another micro-batch would run, and forgets what it drew and remembered. It may not
   * evaluate.
   */
  rehearse<T>(microBatch: number, f: () => T): T;
}

/** The examples' losses of an evaluation. @throws Error that says how to provide them where there are none. */
export function requireLosses(owner: string, { losses }: Pick<Evaluation, 'losses'>): tf.Tensor1D {
  requireOneRun(owner);
  if (losses !== undefined) return losses;
  throw new Error(
    `${owner}: expected the losses of the examples, got their mean alone. Return a vector [batch] from the closure, or compile the model with exampleLoss(…).`,
  );
}
