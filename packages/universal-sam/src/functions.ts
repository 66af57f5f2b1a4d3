import * as tf from '@tensorflow/tfjs-core';
import { anyOf, code, oneOf } from '@tfjs-sam/core';

/**
 * φ, ψ or a derivative in tensor operations. ψ takes each of n numbers to one, `[n]` → `[n]`, or to m, `[n]` → `[n, m]`;
 * φ takes the mean (Scalar, or `[m]`) to a Scalar. A derivative has the shape of its function's argument (φ′) or
 * value (ψ′).
 */
export type ScalarFunction = (x: tf.Tensor) => tf.Tensor;

/** The functions that a configuration can name. */
export type FunctionName = (typeof names)[number];

const names = ['identity', 'square', 'exp', 'log', 'exp-minus-half', 'inverse-square'] as const;

/** A function by its name, or one of one's own. */
/*#__NO_SIDE_EFFECTS__*/
export function functionOption(doc: string) {
  const expected = `a function or one of [${names.join(', ')}]`;
  const own = code<ScalarFunction>()({ expected: 'a function of a tensor', doc });
  return anyOf([oneOf(names, { doc }), own], { default: 'identity', expected, doc });
}

/** The derivative of a function of one's own. */
/*#__NO_SIDE_EFFECTS__*/
export function derivativeOption(doc: string) {
  return code<ScalarFunction>()({
    expected: 'a function of a tensor',
    optional: 'derived by TensorFlow.js',
    doc,
  });
}

/** A function and, where it is known, its derivative. */
export interface DifferentiableFunction {
  readonly value: ScalarFunction;
  readonly derivative?: ScalarFunction | undefined;
}

/** x, x², eˣ, log x, e^(−x/2), x⁻². */
const functions: Readonly<Record<FunctionName, DifferentiableFunction>> = {
  identity: { value: (x) => x, derivative: (x) => tf.onesLike(x) },
  square: { value: (x) => tf.square(x), derivative: (x) => tf.mul(2, x) },
  exp: { value: (x) => tf.exp(x), derivative: (x) => tf.exp(x) },
  log: { value: (x) => tf.log(x), derivative: (x) => tf.reciprocal(x) },
  'exp-minus-half': {
    value: (x) => tf.exp(tf.mul(-0.5, x)),
    derivative: (x) => tf.mul(-0.5, tf.exp(tf.mul(-0.5, x))),
  },
  'inverse-square': {
    value: (x) => tf.pow(x, -2),
    derivative: (x) => tf.mul(-2, tf.pow(x, -3)),
  },
};

/**
 * The function that a checked option names or is, with its derivative.
 *
 * @throws TypeError for a derivative without its function.
 */
export function resolveFunction(
  owner: string,
  option: string,
  given: ScalarFunction | FunctionName,
  derivative: ScalarFunction | undefined,
): DifferentiableFunction {
  if (typeof given === 'function') return { value: given, derivative };
  if (derivative === undefined) return functions[given];
  throw new TypeError(
    `${owner}: expected ${option} to be a function beside ${option}Derivative, got ${given}`,
  );
}
