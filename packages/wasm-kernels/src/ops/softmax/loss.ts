import {
  div,
  engine,
  expandDims,
  type GradConfig,
  logSoftmax,
  logSumExp,
  mean,
  mul,
  neg,
  sub,
  sum,
  type Tensor,
  tidy,
  util,
} from '@tensorflow/tfjs-core';
import { isNested, isUsable } from '../../availability.js';
import { asFloat } from '../../layer-inputs.js';

/** The result of {@link softmaxCrossEntropy}: each row's loss, or their mean. */
export type Reduction = 'none' | 'mean';

/** The gradient of each row's loss, from that of the result. */
function gradientOfRows(dy: Tensor, labels: Tensor, reduction: unknown): Tensor {
  if (reduction === 'none') return expandDims(dy, -1);
  return div(dy, labels.size / labels.shape.at(-1)!);
}

/** The gradient of the fused loss. */
export const softmaxGradients: readonly GradConfig[] = [
  {
    kernelName: 'SamSoftmaxCrossEntropy',
    inputsToSave: ['labels', 'logits'],
    gradFunc: (dy, [labels, logits], attrs) => ({
      logits: () =>
        engine().runKernel(
          'SamSoftmaxCrossEntropyGrad',
          { labels: labels!, logits: logits!, dy: dy as Tensor },
          attrs,
        ),
      labels: () => mul(gradientOfRows(dy as Tensor, labels!, attrs.reduction), neg(logSoftmax(logits!))),
    }),
  },
];

/** The losses of rows by TensorFlow.js's own operations. */
function composed(labels: Tensor, logits: Tensor): Tensor {
  // The gradient of TensorFlow.js's logarithm of the softmax takes its output for a constant.
  const logs = isNested() ? sub(logits, logSumExp(logits, -1, true)) : logSoftmax(logits);
  return neg(sum(mul(labels, logs), -1));
}

/**
 * The cross-entropy of each row, in one kernel with one gradient where our kernels are: what
 * `tf.losses.softmaxCrossEntropy` takes some twenty kernels for. Labels of a row may have any sum.
 *
 *   ℓ = Σ_c labels_c · (log Σ_k e^{z_k} − z_c)
 *
 * Fits `model.compile({ loss: softmaxCrossEntropy })` of a model that ends in logits.
 *
 * @param labels - [..., C], one-hot or probabilities. @param logits - z, [..., C], cast to float32.
 * @param reduction - `none`: one loss per row, of shape [...]; `mean`: their mean, a scalar. Default `none`.
 * @returns The loss. The caller disposes it.
 * @throws Error when the shapes differ. RangeError for another reduction.
 */
export function softmaxCrossEntropy(labels: Tensor, logits: Tensor, reduction: Reduction = 'none'): Tensor {
  util.assertShapesMatch(
    labels.shape,
    logits.shape,
    'softmaxCrossEntropy: expected labels and logits of one shape: ',
  );
  if (reduction !== 'none' && reduction !== 'mean')
    throw new RangeError(`softmaxCrossEntropy: expected reduction "none" or "mean", got "${reduction}"`);
  return tidy(() => {
    const inputs = { labels: asFloat(labels), logits: asFloat(logits) };
    if (isUsable('SamSoftmaxCrossEntropy') && logits.size > 0 && logits.rank > 0)
      return engine().runKernel('SamSoftmaxCrossEntropy', inputs, { reduction });
    const losses = composed(inputs.labels, inputs.logits);
    return reduction === 'mean' ? mean(losses) : losses;
  }) as Tensor;
}
