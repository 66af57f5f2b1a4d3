import * as tf from '@tensorflow/tfjs-core';
import {
  crossEntropyOf,
  requireInteger,
  requirePositive,
  squaredErrorOf,
  type TwoPartLoss,
} from '@tfjs-sam/core';
import { lossNameOf, requireData } from './data.js';

/** A loss to measure: a closure, or one in two parts, of fixed data; and what it depends on. */
export interface Subject {
  /** A Scalar of the variables and fixed data: the same at every call. */
  readonly loss: () => tf.Scalar;
  /** The loss in two parts, where it is known: for the Gauss–Newton matrix and logit normalisation. */
  readonly parts?: TwoPartLoss | undefined;
  /** Default every trainable variable that the loss reaches. */
  readonly variables?: readonly tf.Variable[] | undefined;
  /** Of several batches: its weight in their mean, > 0, such as its examples. Default 1. */
  readonly weight?: number | undefined;
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
  readonly inputs: readonly unknown[];
  readonly outputs: readonly { readonly shape: readonly (number | null)[] }[];
  readonly trainableWeights: readonly { read(): tf.Tensor }[];
  readonly layers: readonly {
    readonly name?: string;
    readonly trainableWeights?: readonly { read(): tf.Tensor }[];
  }[];
  readonly loss: unknown;
}

/** The subject of `measure`: one loss, or those of batches, of whose mean everything is measured. */
export type Measurable = ModelLike | (() => tf.Scalar) | TwoPartLoss | Subject | readonly Subject[];

/** A loss as it is measured: batches, one after the other. */
export interface Examined {
  readonly batches: readonly Subject[];
  /** Default every trainable variable that the loss reaches. */
  readonly variables?: readonly tf.Variable[] | undefined;
  /** The trainable variables of each layer, by its name; of a model. */
  readonly layers?: Readonly<Record<string, readonly tf.Variable[]>> | undefined;
}

/** The way in which a model is run over data. */
export interface ExaminedOptions {
  /** As in training: dropout, the batch's statistics. Default false. */
  readonly training?: boolean | undefined;
  /** Examples in memory at a time, an integer >= 1: the data are taken in batches. Default all. */
  readonly batchSize?: number | undefined;
}

/** Each batch's share of the mean: they sum to one. */
export function shares(batches: readonly Subject[]): number[] {
  const sum = batches.reduce((total, { weight = 1 }) => {
    requirePositive('sharpness', 'weight', weight);
    return total + weight;
  }, 0);
  return batches.map(({ weight = 1 }) => weight / sum);
}

/** Losses whose plain mean is the batches' weighed mean. */
export function weighedLosses(batches: readonly Subject[]): (() => tf.Scalar)[] {
  return shares(batches).map((share, i) => {
    const { loss } = batches[i]!;
    const factor = share * batches.length;
    return Math.abs(factor - 1) < 1e-12 ? loss : () => tf.tidy(() => tf.mul(loss(), factor)) as tf.Scalar;
  });
}

/**
 * The subject of measures, of a compiled model and data, or of a loss.
 *
 * A model is measured as it predicts (no dropout, moving statistics) unless `training` is set, without the penalties of
 * regularisers. A final softmax is taken off for cross entropy, a final sigmoid for the binary one, so that the outputs are
 * logits.
 *
 * @param data - Of a model: whole, or in batches, whose losses count by their examples.
 * @throws TypeError for a model without data, of several inputs or outputs, or with a loss that is neither cross entropy nor
 *   squared error, or for what cannot be measured; RangeError for data that its loss would read wrongly.
 */
export async function examined(
  target: Measurable,
  data?: LabelledData | readonly LabelledData[],
  { training = false, batchSize }: ExaminedOptions = {},
): Promise<Examined> {
  if (batchSize !== undefined) requireInteger('sharpness', 'batchSize', batchSize, 1);
  if (Array.isArray(target) && target.length > 0)
    return { batches: target, variables: (target[0] as Subject).variables };
  if (typeof target === 'function') return { batches: [{ loss: target }] };
  if (target && 'lossOf' in target)
    return { batches: [{ loss: () => target.lossOf(target.outputs()), parts: target }] };
  if (target && 'trainableWeights' in target) {
    const whole = (data === undefined ? [] : [data].flat()) as readonly LabelledData[];
    await requireData(target, whole);
    return ofModel(target, inBatches(whole, batchSize), training);
  }
  const subject = target as Subject | undefined;
  if (typeof subject?.loss === 'function') return { batches: [subject], variables: subject.variables };
  throw new TypeError(
    `sharpness: expected a model, a loss closure, a loss in two parts or a list of batches, got ${target}`,
  );
}

/** Data of some examples, made when they are asked for, and how many they are. */
interface Piece {
  readonly size: number;
  x(): tf.Tensor;
  y(): tf.Tensor;
}

function inBatches(all: readonly LabelledData[], batchSize?: number): Piece[] {
  return all.flatMap(({ x, y }) => {
    const count = x.shape[0]!;
    if (batchSize === undefined || batchSize >= count) return [{ size: count, x: () => x, y: () => y }];
    return Array.from({ length: Math.ceil(count / batchSize) }, (_, i) => {
      const [from, size] = [i * batchSize, Math.min(batchSize, count - i * batchSize)];
      return { size, x: () => tf.slice(x, from, size), y: () => tf.slice(y, from, size) };
    });
  });
}

function ofModel(model: ModelLike, pieces: readonly Piece[], training: boolean): Examined {
  const variablesOf = (weights: readonly { read(): tf.Tensor }[]) =>
    weights.map((weight) => weight.read() as tf.Variable);
  const layers = model.layers.flatMap(({ name, trainableWeights = [] }) =>
    name !== undefined && trainableWeights.length > 0 ? [[name, variablesOf(trainableWeights)]] : [],
  );
  return {
    batches: pieces.map((piece) => {
      const parts = partsOf(model, piece, training);
      return { loss: () => tf.tidy(() => parts.lossOf(parts.outputs())), parts, weight: piece.size };
    }),
    variables: variablesOf(model.trainableWeights),
    layers: Object.fromEntries(layers) as Record<string, tf.Variable[]>,
  };
}

interface Activation {
  getClassName(): string;
}

/**
 * A model's outputs before its last layer's activation, where that is the one named and ends the model; else their image by
 * `inverse`.
 */
function preimage(
  model: Pick<ModelLike, 'layers'>,
  raw: () => tf.Tensor,
  activation: 'softmax' | 'sigmoid',
  inverse: (p: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const last = model.layers.at(-1) as { activation?: Activation };
  const image = () => tf.tidy(() => inverse(raw()));
  if (last?.activation?.getClassName() !== activation) return image();
  const { activation: own } = last;
  let calls = 0;
  const apply = (z: tf.Tensor) => {
    calls++;
    return z;
  };
  last.activation = { getClassName: () => 'linear', apply } as Activation;
  let found: tf.Tensor;
  try {
    found = raw();
  } finally {
    last.activation = own;
  }
  if (calls === 1) return found;
  // A layer that is used twice is not at the end alone.
  found.dispose();
  return image();
}

const log = (p: tf.Tensor) => tf.log(tf.maximum(p, 1e-7));

/** Logits of a model whose outputs are probabilities: without its final softmax, where it ends in one, else their logarithms. */
export const logitsOf = (model: Pick<ModelLike, 'layers'>, probabilities: () => tf.Tensor): tf.Tensor =>
  preimage(model, probabilities, 'softmax', log);

function partsOf(model: ModelLike, { x, y }: Piece, training: boolean): TwoPartLoss {
  const raw = () => tf.tidy(() => model.apply(x(), { training }) as tf.Tensor);
  const logits = () => logitsOf(model, raw);
  // The closed forms of core are of labels at hand: a batch's are made when they are asked for.
  const late = (
    of: (labels: tf.Tensor) => Required<Omit<TwoPartLoss, 'outputs'>>,
    labels: () => tf.Tensor,
  ) => ({
    lossOf: (f: tf.Tensor) => tf.tidy(() => of(labels()).lossOf(f)),
    curvature: (f: tf.Tensor, u: tf.Tensor) => tf.tidy(() => of(labels()).curvature(f, u)),
  });
  const loss = lossNameOf(model);
  switch (loss) {
    case 'categoricalCrossentropy':
      return { outputs: logits, ...late(crossEntropyOf, y) };
    case 'sparseCategoricalCrossentropy': {
      const classes = () => tf.cast(tf.reshape(y(), [-1]), 'int32') as tf.Tensor1D;
      const labels = (f: tf.Tensor) =>
        tf.reshape(tf.oneHot(classes(), f.shape.at(-1)!, 1, 0, 'float32'), f.shape);
      return {
        outputs: logits,
        lossOf: (f) => tf.tidy(() => crossEntropyOf(labels(f)).lossOf(f)),
        curvature: (f, u) => tf.tidy(() => crossEntropyOf(f).curvature(f, u)),
      };
    }
    case 'binaryCrossentropy':
      return {
        outputs: () => preimage(model, raw, 'sigmoid', (p) => tf.sub(log(p), log(tf.sub(1, p)))),
        lossOf: (f) => tf.tidy(() => tf.losses.sigmoidCrossEntropy(tf.reshape(y(), f.shape), f)) as tf.Scalar,
        curvature: (f, u) =>
          tf.tidy(() => {
            const p = tf.sigmoid(f);
            return tf.mul(u, tf.div(tf.mul(p, tf.sub(1, p)), f.size));
          }),
      };
    case 'meanSquaredError': {
      // Layers divide by the number of outputs, ½‖·‖² by 2; and read targets [batch] as [batch, 1].
      const of = (f: tf.Tensor) => squaredErrorOf(tf.reshape(y(), f.shape));
      const share = (f: tf.Tensor) => 2 / (f.rank > 1 ? f.shape.at(-1)! : 1);
      return {
        outputs: raw,
        lossOf: (f) => tf.tidy(() => tf.mul(of(f).lossOf(f), share(f)) as tf.Scalar),
        curvature: (f, u) => tf.tidy(() => tf.mul(of(f).curvature(f, u), share(f))),
      };
    }
    default:
      throw new TypeError(
        `sharpness: expected a model compiled with categoricalCrossentropy, sparseCategoricalCrossentropy, binaryCrossentropy or meanSquaredError, got ${Array.isArray(loss) ? `[${loss}]` : loss}. Give a loss in two parts instead: { outputs, lossOf }`,
      );
  }
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

/** Batches of losses of normalised logits: see `normaliseLogits`. @throws TypeError for one that is not in two parts. */
export function normalised(batches: readonly Subject[]): Subject[] {
  return batches.map((batch) => {
    if (!batch.parts)
      throw new TypeError('sharpness: expected a loss in two parts for normaliseLogits, got a closure');
    const parts = normaliseLogits(batch.parts);
    return { ...batch, parts, loss: () => tf.tidy(() => parts.lossOf(parts.outputs())) };
  });
}
