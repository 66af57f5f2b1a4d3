import type { LayersModel, Scalar, Tensor, Tensor1D } from '@tensorflow/tfjs';
import { exampleLoss, requireLoss } from '@tfjs-sam/core';
import { type LossName, lossNames } from './protocol.js';

/** TensorFlow.js, whole: the losses by name are those of tfjs-layers. */
type Tfjs = typeof import('@tensorflow/tfjs');
/**
 * The loss of a batch: Scalar, or one value per example, [batch], for rules that choose or weigh examples. `training` is false where a
 * data set is evaluated.
 */
export type BatchLoss = (model: LayersModel, xs: Tensor, ys: Tensor, training?: boolean) => Scalar | Tensor1D;
/** The same as a Scalar; the examples' losses are told to the rule that asks for them. */
export type MeanLoss = (...given: Parameters<BatchLoss>) => Scalar;

/** The loss of a name, of a model applied in training mode. @throws RangeError for an unknown name. */
export function namedLoss(tf: Tfjs, name: LossName): MeanLoss {
  if (!lossNames.includes(name))
    throw new RangeError(`parallel: expected a loss of [${lossNames.join(', ')}], got "${name}"`);
  const compare = exampleLoss(
    (labels: Tensor, outputs: Tensor): Tensor =>
      name === 'softmaxCrossEntropy'
        ? tf.losses.softmaxCrossEntropy(labels, outputs, undefined, 0, tf.Reduction.NONE)
        : tf.metrics[name](labels, outputs),
  );
  return (model, xs, ys, training = true) =>
    tf.mean(compare(ys, model.apply(xs, { training }) as Tensor)) as Scalar;
}

/** The loss of a module. It throws a RangeError where the module's gives a vector of another length than the batch's. */
export function meanLoss(loss: BatchLoss): MeanLoss {
  return (model, xs, ys, training) => {
    const value = loss(model, xs, ys, training);
    if (value.rank === 1 && value.size !== xs.shape[0])
      throw new RangeError(
        `parallel: expected a loss that is a Scalar or one value for each of ${xs.shape[0]} examples, got ${value.size} values`,
      );
    return requireLoss('parallel', value);
  };
}
