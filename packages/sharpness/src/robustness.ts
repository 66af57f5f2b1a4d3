import * as tf from '@tensorflow/tfjs-core';
import { requireInteger, requireNonNegative, requireOneOf, seededSampler } from '@tfjs-sam/core';

/** Options of `attack`. */
export interface AttackOptions {
  /** ε >= 0, in units of the inputs: the largest change of an entry ('infinity') or an example's Euclidean change ('2'). */
  readonly epsilon: number;
  /** Default 'infinity'. */
  readonly norm?: 'infinity' | '2' | undefined;
  /** Steps of ascent, an integer >= 1. Default 1: FGSM for 'infinity'. */
  readonly steps?: number | undefined;
  /** A step's length. Default ε for one step, else 2.5 ε/steps. */
  readonly stepSize?: number | undefined;
  /** Begin at a random point of the ball. Default for more than one step. */
  readonly randomStart?: boolean | undefined;
  /** Seed of the start. Default 0. */
  readonly seed?: number | undefined;
  /** Range that inputs stay in. Default none. */
  readonly range?: readonly [number, number] | undefined;
}

/** √Σ x² of each example, of x's rank. */
function lengths(x: tf.Tensor): tf.Tensor {
  const axes = x.shape.map((_, i) => i).slice(1);
  return tf.sqrt(tf.sum(tf.square(x), axes, true));
}

/**
 * Adversarial examples by projected gradient ascent on the inputs: FGSM, PGD-k. In a training closure: adversarial training.
 *
 * Cost: `steps` gradients with respect to the inputs.
 *
 * @param lossOf - Scalar loss of inputs, summed or averaged over the batch.
 * @returns Inputs within ε of x, of its shape. The caller disposes them.
 * @see Goodfellow et al. 2015, https://arxiv.org/abs/1412.6572; Madry et al. 2018, https://arxiv.org/abs/1706.06083
 */
export function attack(lossOf: (x: tf.Tensor) => tf.Scalar, x: tf.Tensor, options: AttackOptions): tf.Tensor {
  const { epsilon, norm = 'infinity', steps = 1, randomStart = steps > 1, seed = 0, range } = options;
  const { stepSize = steps === 1 ? epsilon : (2.5 * epsilon) / steps } = options;
  requireNonNegative('attack', 'epsilon', epsilon);
  requireInteger('attack', 'steps', steps, 1);
  requireOneOf('attack', 'norm', norm, ['infinity', '2']);
  const step = (g: tf.Tensor) => (norm === 'infinity' ? tf.sign(g) : tf.divNoNan(g, lengths(g)));
  const project = (delta: tf.Tensor) => {
    const inside =
      norm === 'infinity'
        ? tf.clipByValue(delta, -epsilon, epsilon)
        : tf.mul(delta, tf.minimum(1, tf.divNoNan(epsilon, lengths(delta))));
    return range ? tf.sub(tf.clipByValue(tf.add(x, inside), ...range), x) : inside;
  };
  return tf.tidy(() => {
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
  });
}

/**
 * Accuracy under attack, for each ε: an example counts where no restart fools the classifier.
 *
 * @param logitsOf - [batch, classes] of inputs.
 * @param labels - One-hot, [batch, classes].
 * @param epsilons - Sizes of the attack. @param options - As `attack`; `restarts`, default 1, an attack each.
 */
export async function robustAccuracy(
  logitsOf: (x: tf.Tensor) => tf.Tensor,
  x: tf.Tensor,
  labels: tf.Tensor,
  epsilons: readonly number[],
  {
    restarts = 1,
    seed = 0,
    ...options
  }: Omit<AttackOptions, 'epsilon'> & { readonly restarts?: number | undefined } = {},
): Promise<{ epsilon: number; accuracy: number }[]> {
  const lossOf = (inputs: tf.Tensor) => tf.losses.softmaxCrossEntropy(labels, logitsOf(inputs)) as tf.Scalar;
  const shares = tf.tidy(() =>
    tf.stack(
      epsilons.map((epsilon) => {
        const right = Array.from({ length: restarts }, (_, i) => {
          const fooling = epsilon === 0 ? x : attack(lossOf, x, { ...options, epsilon, seed: seed + i });
          return tf.cast(tf.equal(tf.argMax(logitsOf(fooling), -1), tf.argMax(labels, -1)), 'float32');
        });
        return tf.mean(tf.min(tf.stack(right), 0));
      }),
    ),
  );
  const values = Array.from(await shares.data());
  shares.dispose();
  return epsilons.map((epsilon, i) => ({ epsilon, accuracy: values[i]! }));
}

/** How well probabilities are those of being right. */
export interface Calibration {
  readonly accuracy: number;
  /** Expected calibration error over bins of equal width of the confidence. */
  readonly ece: number;
  /** Mean negative log-likelihood, nats. */
  readonly nll: number;
  /** Mean Σ (p − y)² over the classes. */
  readonly brier: number;
}

/**
 * Accuracy, expected calibration error, negative log-likelihood and Brier score of logits.
 *
 * @param logits - [batch, classes]. @param labels - One-hot, [batch, classes]. @param bins - Default 15.
 * @see Guo et al. 2017, "On Calibration of Modern Neural Networks". https://arxiv.org/abs/1706.04599
 */
export async function calibration(logits: tf.Tensor, labels: tf.Tensor, bins = 15): Promise<Calibration> {
  requireInteger('calibration', 'bins', bins, 1);
  const stacked = tf.tidy(() => {
    const logP = tf.logSoftmax(logits);
    const p = tf.exp(logP);
    const right = tf.cast(tf.equal(tf.argMax(p, -1), tf.argMax(labels, -1)), 'float32');
    const nll = tf.neg(tf.sum(tf.mul(labels, logP), -1));
    return tf.stack([tf.max(p, -1), right, nll, tf.sum(tf.square(tf.sub(p, labels)), -1)]) as tf.Tensor2D;
  });
  const [confidence, right, nll, brier] = (await stacked.array()) as [number[], number[], number[], number[]];
  stacked.dispose();
  const gaps = new Array<number>(bins).fill(0);
  for (const [i, c] of confidence.entries()) gaps[Math.min(bins - 1, Math.floor(c * bins))]! += c - right[i]!;
  const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length;
  return {
    accuracy: mean(right),
    ece: gaps.reduce((sum, gap) => sum + Math.abs(gap), 0) / confidence.length,
    nll: mean(nll),
    brier: mean(brier),
  };
}
