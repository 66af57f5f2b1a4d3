import type { LayersModel, Scalar, Tensor } from '@tensorflow/tfjs';
import { type LossName, lossNames } from './protocol.js';

/** TensorFlow.js, whole: the losses by name are those of tfjs-layers. */
type Tfjs = typeof import('@tensorflow/tfjs');
/** The loss of a batch: Scalar. `training` is false where a data set is evaluated. */
export type BatchLoss = (model: LayersModel, xs: Tensor, ys: Tensor, training?: boolean) => Scalar;

/** The loss of a name, of a model applied in training mode. @throws RangeError for an unknown name. */
export function namedLoss(tf: Tfjs, name: LossName): BatchLoss {
  if (!lossNames.includes(name))
    throw new RangeError(`parallel: expected a loss of [${lossNames.join(', ')}], got "${name}"`);
  const compare = (labels: Tensor, outputs: Tensor): Tensor =>
    name === 'softmaxCrossEntropy'
      ? tf.losses.softmaxCrossEntropy(labels, outputs)
      : tf.metrics[name](labels, outputs);
  return (model, xs, ys, training = true) =>
    tf.mean(compare(ys, model.apply(xs, { training }) as Tensor)) as Scalar;
}
