import * as tf from '@tensorflow/tfjs-core';

const MOST = 8;

/**
 * Shapley's values of modalities, as shares of a loss: what each adds, on average over the orders in which they may join.
 *
 *   vₘ = Σ_S |S|! (M − |S| − 1)! / M! · (value(S + m) − value(S)), S without m;   shares = v₊ / Σ v₊, even where none is > 0
 *
 * They are constants: no gradient flows into `value`. Cost: 2^M values.
 *
 * @param count - Number M of modalities, 1 to 8.
 * @param value - What a set of modalities is worth, Scalar: accuracy, or the negative loss, with the others masked out.
 * @returns [M], in the current scope; the dominant modality is its largest entry.
 * @throws RangeError when `count` is no integer from 1 to 8.
 * @see Shapley 1953, "A Value for n-Person Games"
 * @example
 * const shares = modalityShares(2, ([image, sound]) => tf.neg(loss(image, sound)));
 * const total = () => loss(true, true);
 * optimizer.minimize(byObjective({ ascent: () => tf.mul(tf.max(shares), total()), descent: total }));
 */
export function modalityShares(
  count: number,
  value: (present: readonly boolean[]) => tf.Scalar,
): tf.Tensor1D {
  if (!Number.isInteger(count) || count < 1 || count > MOST)
    throw new RangeError(`modalityShares: expected a number of modalities from 1 to ${MOST}, got ${count}`);
  const sets = Array.from({ length: 2 ** count }, (_, bits) => bits);
  const isIn = (bits: number, modality: number) => ((bits >> modality) & 1) === 1;
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));
  // [M, sets]: how often each set's value counts for each modality.
  const weights = Array.from({ length: count }, (_, modality) =>
    sets.map((bits) => {
      const others = [...bits.toString(2)].filter((bit) => bit === '1').length;
      const rest = isIn(bits, modality) ? others - 1 : others;
      const weight = (factorial(rest) * factorial(count - rest - 1)) / factorial(count);
      return isIn(bits, modality) ? weight : -weight;
    }),
  );
  return tf.tidy(() => {
    const values = tf.stack(
      sets.map((bits) => value(Array.from({ length: count }, (_, modality) => isIn(bits, modality)))),
    );
    const shapley = tf.reshape(tf.matMul(tf.tensor2d(weights), tf.reshape(values, [-1, 1])), [count]);
    const positive = tf.relu(shapley);
    const sum = tf.sum(positive);
    const even = tf.fill([count], 1 / count);
    return constant(tf.where(tf.greater(sum, 0), tf.divNoNan(positive, sum), even)) as tf.Tensor1D;
  });
}

/** A tensor through which no gradient flows. */
const constant = tf.customGrad((x) => ({
  value: tf.clone(x as tf.Tensor),
  gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
}));
