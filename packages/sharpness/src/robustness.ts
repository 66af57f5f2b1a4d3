import * as tf from '@tensorflow/tfjs-core';
import {
  complete,
  type OptionsOf,
  requireInteger,
  requireNonNegative,
  requireOneOf,
  requirePositive,
  seededSampler,
  unrecorded,
} from '@tfjs-sam/core';
import { attackOptions, restartsOption } from './options.js';
import { meanOf } from './spectrum.js';

/** Options of `attack`. */
export interface AttackOptions extends OptionsOf<typeof attackOptions> {
  /** ε >= 0, in units of the inputs: the largest change of an entry ('infinity') or an example's Euclidean change ('2'). */
  readonly epsilon: number;
  /** Steps of ascent, an integer >= 1. Default 1: FGSM for 'infinity'. */
  readonly steps?: number | undefined;
  /** A step's length, > 0. Default ε for one step, else 2.5 ε/steps. */
  readonly stepSize?: number | undefined;
  /** Begin at a random point of the ball. Default for more than one step. */
  readonly randomStart?: boolean | undefined;
  /** Seed of the start. Default 0. */
  readonly seed?: number | undefined;
  /** Range that inputs, which lie in it, stay in. Default none. */
  readonly range?: readonly [number, number] | undefined;
}

/** √Σ x² of each example, of x's rank. */
function lengths(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, i) => i).slice(1);
  return tf.sqrt(tf.sum(tf.square(x), axes, true));
}

/**
 * Adversarial examples by projected gradient ascent on the inputs: FGSM, PGD-k. A constant to a gradient around it, so that it
 * may stand in a training closure: see `adversarialLoss`.
 *
 * Cost: `steps` gradients with respect to the inputs.
 *
 * @param lossOf - Scalar loss of inputs, summed or averaged over the batch.
 * @returns Inputs within ε of x, of its shape. The caller disposes them.
 * @see Goodfellow et al. 2015, https://arxiv.org/abs/1412.6572; Madry et al. 2018, https://arxiv.org/abs/1706.06083
 */
export function attack(lossOf: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor, options: AttackOptions): tf.Tensor {
  const { epsilon, steps = 1, randomStart = steps > 1, seed = 0, range } = options;
  const { norm } = complete('attack', attackOptions, { norm: options.norm });
  const { stepSize = steps === 1 ? epsilon : (2.5 * epsilon) / steps } = options;
  requireNonNegative('attack', 'epsilon', epsilon);
  requireInteger('attack', 'steps', steps, 1);
  if (options.stepSize !== undefined) requirePositive('attack', 'stepSize', stepSize);
  const step = (g: tf.Tensor) => (norm === 'infinity' ? tf.sign(g) : tf.divNoNan(g, lengths(g)));
  const project = (delta: tf.Tensor) => {
    const inside =
      norm === 'infinity'
        ? tf.clipByValue(delta, -epsilon, epsilon)
        : tf.mul(delta, tf.minimum(1, tf.divNoNan(epsilon, lengths(delta))));
    return range ? tf.sub(tf.clipByValue(tf.add(x, inside), ...range), x) : inside;
  };
  const found = (): tf.Tensor => {
    const gradient = tf.grad((inputs: tf.Tensor) => lossOf(inputs));
    const drawn = () => tf.sub(tf.mul(2, seededSampler('uniform', seed)([x.shape], 0, 0)[0]!), 1);
    const start = () => (norm === 'infinity' ? tf.mul(epsilon, drawn()) : tf.mul(epsilon, step(drawn())));
    let delta: tf.Tensor = randomStart ? project(start()) : tf.zerosLike(x);
    for (let i = 0; i < steps; i++) {
      const before = delta;
      delta = tf.tidy(() => project(tf.add(before, tf.mul(stepSize, step(gradient(tf.add(x, before)))))));
      before.dispose();
    }
    return tf.add(x, delta);
  };
  return tf.tidy(() => unrecorded(found));
}

/** Options of `adversarialLoss`. */
export interface AdversarialOptions extends AttackOptions {
  /** Share of the loss of the adversarial examples, in (0, 1]; the clean ones' is the rest. Default 1. */
  readonly share?: number | undefined;
  /**
   * When the examples are made. 'once' (default): now, at the weights that the step begins with, so that every evaluation of a sharpness-aware
   * step sees the same ones, as in adversarial weight perturbation. 'always': at each evaluation anew, where its weights are.
   */
  readonly made?: 'once' | 'always' | undefined;
}

/** A loss of adversarial examples. */
export interface AdversarialLoss {
  /** For `optimizer.minimize`, of any optimizer. */
  (): tf.Scalar;
  /** Frees the examples that were made once. */
  dispose(): void;
}

/**
 * Adversarial training: the loss of a batch's adversarial examples, as a closure for any optimizer, sharpness-aware ones too.
 *
 * Cost: `steps` gradients with respect to the inputs beside the step's own, once for a batch, or for each evaluation.
 *
 * @param lossOf - Scalar loss of inputs.
 * @param x - The batch, [batch, …].
 * @returns A closure for one batch: dispose it after the step.
 * @throws RangeError when an option is out of its range.
 * @see Madry et al. 2018, https://arxiv.org/abs/1706.06083; Wu et al. 2020 (with perturbed weights),
 *   https://arxiv.org/abs/2004.05884
 * @example
 * const loss = adversarialLoss((z) => tf.losses.softmaxCrossEntropy(labels, net(z)), x, { epsilon: 0.03, steps: 7 });
 * sam(sgd({ learningRate: 0.1 })).minimize(loss);
 * loss.dispose();
 */
export function adversarialLoss(
  lossOf: (x: tf.Tensor) => tf.Scalar,
  x: tf.Tensor,
  { share = 1, made = 'once', ...options }: AdversarialOptions,
): AdversarialLoss {
  if (!(share > 0 && share <= 1))
    throw new RangeError(`adversarialLoss: expected share to be in (0, 1], got ${share}`);
  requireOneOf('adversarialLoss', 'made', made, ['once', 'always']);
  // Now, where the weights are those that the step begins with.
  const kept = made === 'once' ? attack(lossOf, x, options) : undefined;
  const loss = () =>
    tf.tidy(() => {
      const fooled = lossOf(kept ?? attack(lossOf, x, options));
      return share === 1 ? fooled : tf.add(tf.mul(share, fooled), tf.mul(1 - share, lossOf(x)));
    }) as tf.Scalar;
  return Object.assign(loss, { dispose: () => tf.dispose(kept ?? []) });
}

/** 1 for each example whose largest logit is that of its label; 0 where it is not, or a logit is not finite. */
function rightOf(logits: tf.Tensor, labels: tf.Tensor): tf.Tensor {
  const hits = tf.equal(tf.argMax(logits, -1), tf.argMax(labels, -1));
  return tf.cast(tf.logicalAnd(hits, tf.all(tf.isFinite(logits), -1)), 'float32');
}

/** Options of `robustAccuracy`. */
export interface RobustOptions extends Omit<AttackOptions, 'epsilon'>, OptionsOf<typeof restartsOption> {}

/**
 * Accuracy under attack, for each ε: an example counts where it is right, and no restart fools the classifier.
 *
 * Cost: a value, and for each ε above zero that of `attack` and a value for each restart.
 *
 * @param logitsOf - [batch, classes] of inputs.
 * @param labels - One-hot, [batch, classes].
 * @param epsilons - Sizes of the attack, >= 0. @param options - As `attack`, and how many attacks.
 * @throws RangeError for no examples, or an option out of its range.
 */
export async function robustAccuracy(
  logitsOf: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  labels: tf.Tensor,
  epsilons: readonly number[],
  { restarts: asked, seed = 0, ...options }: RobustOptions = {},
): Promise<{ epsilon: number; accuracy: number; standardError: number }[]> {
  const { restarts } = complete('robustAccuracy', restartsOption, { restarts: asked });
  requireInteger('robustAccuracy', 'the number of examples', x.shape[0]!, 1);
  const lossOf = (inputs: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logitsOf(inputs)) as tf.Scalar;
  const shares = tf.tidy(() => {
    const clean = rightOf(logitsOf(x), labels);
    const under = (epsilon: number) => {
      const attacked = Array.from({ length: restarts }, (_, i) =>
        tf.tidy(() => rightOf(logitsOf(attack(lossOf, x, { ...options, epsilon, seed: seed + i })), labels)),
      );
      return tf.min(tf.stack([clean, ...attacked]), 0);
    };
    return tf.stack(
      [clean, ...epsilons.map((epsilon) => (epsilon === 0 ? clean : under(epsilon)))].map((right) =>
        tf.mean(right),
      ),
    );
  });
  const [, ...values] = Array.from(await shares.data());
  shares.dispose();
  const count = x.shape[0]!;
  return epsilons.map((epsilon, i) => {
    const accuracy = values[i]!;
    return { epsilon, accuracy, standardError: Math.sqrt((accuracy * (1 - accuracy)) / count) };
  });
}

/** Calibration: the difference of probabilities from those of being right, with standard errors of means over the examples. */
export interface Calibration {
  readonly accuracy: number;
  /** Expected calibration error over bins of equal width of the confidence. Biased upwards where bins hold few examples. */
  readonly ece: number;
  /** Mean negative log-likelihood, nats. */
  readonly nll: number;
  /** Mean Σ (p − y)² over the classes. */
  readonly brier: number;
  readonly standardErrors: { readonly accuracy: number; readonly nll: number; readonly brier: number };
}

/** A classifier's answers to examples, on the host. */
export interface Verdicts {
  /** [examples, classes], row-major. */
  readonly logits: ArrayLike<number>;
  /** Distributions over the classes, likewise. */
  readonly labels: ArrayLike<number>;
  readonly classes: number;
}

/** Logarithms of the probabilities of one row of logits, in float64. */
function logSoftmax(logits: ArrayLike<number>, from: number, classes: number): number[] {
  const row = Array.from({ length: classes }, (_, c) => logits[from + c]!);
  const largest = row.reduce((a, b) => Math.max(a, b));
  const sum = row.reduce((total, logit) => total + Math.exp(logit - largest), 0);
  return row.map((logit) => logit - largest - Math.log(sum));
}

const indexOfLargest = (row: readonly number[]): number => row.indexOf(row.reduce((a, b) => Math.max(a, b)));

/** As `calibration`, of numbers that were read already. @throws RangeError for fewer than one bin, or labels of another shape. */
export function calibrationOf({ logits, labels, classes }: Verdicts, bins = 15): Calibration {
  requireInteger('calibration', 'bins', bins, 1);
  if (labels.length !== logits.length)
    throw new RangeError(
      `calibration: expected labels of the logits' shape, distributions over the ${classes} classes, got ${labels.length} numbers for ${logits.length}`,
    );
  const gaps = new Array<number>(bins).fill(0);
  const size = logits.length / classes;
  const rows = Array.from({ length: size }, (_, row) => {
    const logP = logSoftmax(logits, row * classes, classes);
    const y = Array.from({ length: classes }, (_y, c) => labels[row * classes + c]!);
    const best = indexOfLargest(logP);
    const confidence = Math.exp(logP[best]!);
    const right = best === indexOfLargest(y) ? 1 : 0;
    // NaN has no bin: it goes on into the sum.
    gaps[Math.min(bins - 1, Math.floor(confidence * bins)) || 0]! += confidence - right;
    return {
      accuracy: right,
      nll: -y.reduce((sum, share, c) => (share === 0 ? sum : sum + share * logP[c]!), 0),
      brier: y.reduce((sum, share, c) => sum + (Math.exp(logP[c]!) - share) ** 2, 0),
    };
  });
  const over = (key: 'accuracy' | 'nll' | 'brier') => meanOf(rows.map((row) => row[key]));
  const [accuracy, nll, brier] = [over('accuracy'), over('nll'), over('brier')];
  return {
    accuracy: accuracy.value,
    ece: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / size,
    nll: nll.value,
    brier: brier.value,
    standardErrors: {
      accuracy: accuracy.standardError,
      nll: nll.standardError,
      brier: brier.standardError,
    },
  };
}

/**
 * Accuracy, expected calibration error, negative log-likelihood and Brier score of logits.
 *
 * @param logits - [batch, classes]. @param labels - Distributions, [batch, classes]. @param bins - Default 15.
 * @throws RangeError for labels of another shape.
 * @see Guo et al. 2017, "On Calibration of Modern Neural Networks". https://arxiv.org/abs/1706.04599
 */
export async function calibration(logits: tf.Tensor, labels: tf.Tensor, bins = 15): Promise<Calibration> {
  const numbers = { logits: await logits.data(), labels: await labels.data() };
  return calibrationOf({ ...numbers, classes: logits.shape.at(-1)! }, bins);
}
