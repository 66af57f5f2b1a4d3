import * as tf from '@tensorflow/tfjs-core';
import { displaced, type EvaluationRequest, type ParamVector, type PartOracle } from '@tfjs-sam/core';

/** True of an evaluation that another thread can make: of the batch's own loss, its kinks free. */
export const isPlain = ({ loss, kinks }: EvaluationRequest): boolean =>
  loss === undefined && kinks === undefined;

/** True of an evaluation that is free where the same objective was evaluated before. */
export const isAtTheta = ({ loss, kinks, perturbation, weights }: EvaluationRequest): boolean =>
  (loss ?? kinks ?? perturbation ?? weights) === undefined;

/** The weights of an evaluation. The caller disposes them. */
export const weightsOf = ({ variables }: PartOracle, { perturbation }: EvaluationRequest): ParamVector =>
  perturbation
    ? displaced(variables, perturbation, false)
    : variables.map((variable) => tf.clone(variable) as tf.Tensor);
