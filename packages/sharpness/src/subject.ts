import * as tf from '@tensorflow/tfjs-core';
import { crossEntropyOf, squaredErrorOf, type TwoPartLoss } from '@tfjs-sam/core';

/** A loss to measure: a closure, or one in two parts, of fixed data; and what it depends on. */
export interface Subject {
  /** A Scalar of the variables and fixed data: the same at every call. */
  readonly loss: () => tf.Scalar;
  /** The loss in two parts, where it is known: for the Gauss–Newton matrix and logit normalisation. */
  readonly parts?: TwoPartLoss | undefined;
  /** Default every trainable variable that the loss reaches. */
  readonly variables?: readonly tf.Variable[] | undefined;
}

/** Inputs and targets as a `LayersModel` takes them. */
export interface LabelledData {
  /** [batch, …]. */
  readonly x: tf.Tensor;
  /** One-hot labels [batch, classes], classes [batch] for 'sparseCategoricalCrossentropy', or targets. */
  readonly y: tf.Tensor;
}

/** The members of a `LayersModel` that are used: no dependency on the Layers API. */
export interface ModelLike {
  apply(x: tf.Tensor, kwargs?: object): unknown;
  readonly trainableWeights: readonly { read(): tf.Tensor }[];
  readonly layers: readonly object[];
  readonly loss: unknown;
}

/** What `measure` takes. */
export type Measurable = ModelLike | (() => tf.Scalar) | TwoPartLoss | Subject;

interface Activation {
  getClassName(): string;
}

/**
 * A subject of a compiled model and a batch, or of a loss.
 *
 * A model is measured as it predicts (no dropout, moving statistics) unless `training` is set. A final softmax is taken off
 * for cross entropy, so that the outputs are logits.
 *
 * @throws TypeError for a model without data or with a loss that is neither cross entropy nor squared error, or for what
 *   cannot be measured.
 */
export function subjectOf(
  target: Measurable,
  data?: LabelledData,
  { training = false }: { readonly training?: boolean | undefined } = {},
): Subject {
  if (typeof target === 'function') return { loss: target };
  if ('lossOf' in target) return { loss: () => target.lossOf(target.outputs()), parts: target };
  if ('trainableWeights' in target) return ofModel(target, data, training);
  if (typeof target?.loss === 'function') return target;
  throw new TypeError(`sharpness: expected a model, a loss closure or a loss in two parts, got ${target}`);
}

function ofModel(model: ModelLike, data: LabelledData | undefined, training: boolean): Subject {
  if (data === undefined) throw new TypeError('sharpness: expected data { x, y } with a model, got none');
  const { x, y } = data;
  const raw = () => model.apply(x, { training }) as tf.Tensor;
  const last = model.layers.at(-1) as { activation?: Activation };
  const isSoftmax = last?.activation?.getClassName() === 'softmax';
  const logits = () => {
    if (!isSoftmax) return tf.tidy(() => tf.log(tf.maximum(raw(), 1e-7)));
    const { activation } = last;
    last.activation = { getClassName: () => 'linear', apply: (z: tf.Tensor) => z } as Activation;
    try {
      return raw();
    } finally {
      last.activation = activation!;
    }
  };
  const parts = (): TwoPartLoss => {
    switch (model.loss) {
      case 'categoricalCrossentropy':
        return { outputs: logits, ...crossEntropyOf(y) };
      case 'sparseCategoricalCrossentropy': {
        const classes = () => tf.cast(tf.reshape(y, [-1]), 'int32');
        const labels = (f: tf.Tensor) => tf.oneHot(classes() as tf.Tensor1D, f.shape.at(-1)!);
        return {
          outputs: logits,
          lossOf: (f) => tf.tidy(() => crossEntropyOf(tf.cast(labels(f), 'float32')).lossOf(f)),
          curvature: (f, u) => tf.tidy(() => crossEntropyOf(y).curvature(f, u)),
        };
      }
      case 'meanSquaredError': {
        // Layers divide by the number of outputs, ½‖·‖² by 2.
        const { lossOf, curvature } = squaredErrorOf(y);
        const share = 2 / (y.rank > 1 ? y.shape.at(-1)! : 1);
        return {
          outputs: raw,
          lossOf: (f) => tf.tidy(() => tf.mul(lossOf(f), share)) as tf.Scalar,
          curvature: (f, u) => tf.mul(curvature(f, u), share),
        };
      }
      default:
        throw new TypeError(
          `sharpness: expected a model compiled with categoricalCrossentropy, sparseCategoricalCrossentropy or meanSquaredError, got ${model.loss}. Give a loss in two parts instead: { outputs, lossOf }`,
        );
    }
  };
  const both = parts();
  return {
    loss: () => tf.tidy(() => both.lossOf(both.outputs())),
    parts: both,
    variables: model.trainableWeights.map((weight) => weight.read() as tf.Variable),
  };
}

/**
 * The loss of logits that are divided by their spread, √(mean over classes of (f − mean f)²) of each example: sharpness that
 * does not change when the logits are scaled.
 *
 * @see Andriushchenko et al. 2023, "A Modern Look at the Relationship between Sharpness and Generalization".
 *   https://arxiv.org/abs/2302.07011
 */
export function normaliseLogits({ outputs, lossOf }: TwoPartLoss): TwoPartLoss {
  return {
    outputs: () =>
      tf.tidy(() => {
        const f = outputs();
        const centred = tf.sub(f, tf.mean(f, -1, true));
        return tf.div(f, tf.sqrt(tf.add(tf.mean(tf.square(centred), -1, true), 1e-12)));
      }),
    lossOf,
  };
}
