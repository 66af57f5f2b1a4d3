import * as tf from '@tensorflow/tfjs-core';
import { boolean, code, complete, currentObjective, number, type OptionsOf } from '@tfjs-sam/core';
import { smoothedLabels } from './labels.js';
import { completeBound, currentLowerBound, exampleLowerBounds, type LowerBound } from './lower-bound.js';

const lossOptions = {
  lowerBound: code<LowerBound>()({
    accepts: (value) => typeof value === 'object',
    expected: 'an object { kind, … }',
    optional: 'that of the `bisam` optimizer whose step is being taken',
    doc: 'The objective that the perturbation climbs',
  }),
  labelSmoothing: number({
    min: 0,
    below: 1,
    default: 0,
    doc: 'Share s of each target that is spread evenly over the classes',
  }),
  fromLogits: boolean({
    default: false,
    doc: 'True for a model that ends in logits, and not in a softmax, whose logarithms are its logits but for a constant',
  }),
};

/** Options of `bisamLoss`. */
export interface BisamLossOptions extends OptionsOf<typeof lossOptions> {}

/** Below this, a probability counts as this: its logarithm stays finite. TensorFlow.js's own losses do the same. */
const LEAST = 1e-7;

/**
 * The loss for `model.compile` that BiSAM needs: while the perturbation is sought it is the lower bound of the 0-1
 * loss, else (descent, `evaluate`, any other optimizer) the cross entropy.
 *
 *   ascent: (1/μ) log Σ_j exp(μ φ(F_j));   descent: −Σ_j ((1 − s) y_j + s/K) log softmax(f)_j
 *
 * @returns A loss `(labels, outputs) => [batch]`, one value per example, so that `classWeight` applies. Labels are
 *   one-hot rows, as `model.fit` demands of a loss of one's own; called directly, classes [batch] serve as well.
 * @throws RangeError for an unknown kind of bound, a `mu` or `alpha` that is not positive, or `labelSmoothing` outside
 *   [0, 1).
 * @see Xie et al. 2024, "Improving SAM Requires Rethinking its Optimization Formulation", algorithm 1.
 *   https://arxiv.org/abs/2407.12993
 * @example model.compile({ optimizer: bisam(tf.train.momentum(0.05, 0.9)), loss: bisamLoss({ labelSmoothing: 0.1 }) })
 */
export function bisamLoss(
  options: BisamLossOptions = {},
): (labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor {
  const { lowerBound, labelSmoothing, fromLogits } = complete('bisamLoss', lossOptions, options);
  const bound = lowerBound && completeBound('bisamLoss', lowerBound);
  return (labels, outputs) =>
    tf.tidy(() => {
      const logits = fromLogits ? outputs : tf.log(tf.clipByValue(outputs, LEAST, 1));
      if (currentObjective() === 'ascent') {
        return exampleLowerBounds(labels, logits, bound ?? currentLowerBound());
      }
      const targets = smoothedLabels('bisamLoss', labels, logits, labelSmoothing);
      return tf.neg(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), -1));
    });
}
