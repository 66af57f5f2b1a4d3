import * as tf from '@tensorflow/tfjs-core';
import { displaced, type EvaluationRequest, type ParamVector, type PartOracle } from '@tfjs-sam/core';

/** True of an evaluation that another thread can make: of the batch's own loss, unweighed, its kinks free. */
export const isPlain = ({ loss, weights, kinks }: EvaluationRequest): boolean =>
  loss === undefined && weights === undefined && kinks === undefined;

/** The weights of an evaluation. The caller disposes them. */
export const weightsOf = ({ variables }: PartOracle, { perturbation }: EvaluationRequest): ParamVector =>
  perturbation
    ? displaced(variables, perturbation, false)
    : variables.map((variable) => tf.clone(variable) as tf.Tensor);
