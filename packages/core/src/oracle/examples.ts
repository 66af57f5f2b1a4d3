import * as tf from '@tensorflow/tfjs-core';

/** The examples of one evaluation of a loss: their weights going in, their losses coming out. */
export interface ExampleScope {
  /** One weight per example, [batch]; absent where all count alike. */
  readonly weights?: tf.Tensor1D | undefined;
  /** The factor of the weighed losses that makes their mean the weighted mean. */
  readonly factor?: tf.Scalar | undefined;
  /** Losses of the examples, [batch], kept; absent where the loss tells none. */
  losses?: tf.Tensor1D;
}

let current: ExampleScope | undefined;

/** Runs `f`, whose loss tells its examples' losses to `scope` and is weighed by it. */
export function withExamples<T>(scope: ExampleScope, f: () => T): T {
  const previous = current;
  current = scope;
  try {
    return f();
  } finally {
    current = previous;
  }
}

/**
 * Makes a loss for `model.compile` that shows the losses of its examples to rules that need them, and lets them be
 * weighed: ESAM, K-SAM, RW-SAM, Focal-SAM. Anywhere else it is the loss that it is given.
 *
 * @param loss - Gives one value per example, [batch] or [batch, …]: `(labels, outputs) => tensor`. Not a mean.
 * @throws RangeError at the evaluation when the loss gives a Scalar.
 * @example model.compile({ optimizer: esam(base), loss: exampleLoss(tf.metrics.categoricalCrossentropy) })
 */
export function exampleLoss(
  loss: (labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor,
): (labels: tf.Tensor, outputs: tf.Tensor) => tf.Tensor {
  return (labels, outputs) => weigh(loss(labels, outputs));
}

/** The losses of examples, [batch, …], multiplied by their weights in an evaluation that has some. */
export function weigh(losses: tf.Tensor): tf.Tensor {
  if (losses.rank === 0) {
    throw new RangeError('exampleLoss: expected one loss per example, [batch], got a Scalar');
  }
  if (current === undefined) return losses;
  tell(current, losses);
  const { weights, factor } = current;
  if (weights === undefined || factor === undefined) return losses;
  if (weights.size !== losses.shape[0]) {
    throw new RangeError(
      `evaluate: expected one weight for each of ${losses.shape[0]} examples, got ${weights.size}`,
    );
  }
  const shape = losses.shape.map((size, axis) => (axis === 0 ? size : 1));
  return tf.mul(losses, tf.reshape(tf.mul(weights, tf.mul(factor, weights.size)), shape));
}

/** Adds the losses to those of other outputs of the model. */
function tell(scope: ExampleScope, losses: tf.Tensor): void {
  const { losses: told } = scope;
  scope.losses = tf.tidy(() => {
    const rest = losses.shape.map((_, axis) => axis).slice(1);
    const each = rest.length === 0 ? tf.clone(losses) : tf.mean(losses, rest);
    const sum = (told ? tf.add(told, each) : each) as tf.Tensor1D;
    // As tf.keep, which would be the loss's own doing.
    sum.kept = true;
    return sum;
  });
  told?.dispose();
}
