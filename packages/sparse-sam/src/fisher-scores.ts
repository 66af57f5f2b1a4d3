import * as tf from '@tensorflow/tfjs-core';
import {
  type Checked,
  code,
  integer,
  type LossClosure,
  map,
  number,
  type OptionsOf,
  type ParamVector,
  zip,
} from '@tfjs-sam/core';
import type { MaskContext } from './mask-filter.js';

/** Options of the masks that rank coordinates by Fisher information. */
export const scoreOptions = {
  perExample: code<(step: number) => readonly LossClosure[]>()({
    expected: 'a function (step) => closures',
    optional: "the square of the batch's gradient, at no cost",
    doc: "The losses of single examples, closures over the model's variables: called with the step at every refresh. One closure per example gives the paper's Fisher information. It may close over tensors that are kept for it, so that it works within `model.fit`. At most `samples` of them are used. Cost: one gradient per closure and refresh",
  }),
  samples: integer({ min: 1, default: 16, doc: 'Number of losses of `perExample` that are used' }),
};

/** The period after which masks are made anew. */
export const refreshOptions = {
  refreshEvery: integer({
    min: 1,
    default: 100,
    unit: 'steps',
    doc: "Steps from one mask to the next; the published code's is once an epoch: the number of batches",
  }),
};

/** The share of the coordinates that a mask leaves out. */
export const sparsityOptions = {
  sparsity: number({ min: 0, below: 1, default: 0.5, doc: 'Share of the coordinates that stay put' }),
};

const fisherScoreOptions = { ...scoreOptions, ...refreshOptions };

/** Options of the masks that rank coordinates by Fisher information. */
export interface FisherScoreOptions extends OptionsOf<typeof fisherScoreOptions> {}

/** Options of the masks that leave out a share of the coordinates. */
export interface SparsityOptions extends OptionsOf<typeof sparsityOptions> {}

/**
 * √F, F = Σ_i (∇ of the loss of example i)², or |g| without single losses. The root has F's order, and squares that
 * overflow or vanish in float32 do not enter.
 */
export function fisherScores(
  owner: string,
  { gradient, oracle }: MaskContext,
  { perExample, samples }: Checked<typeof scoreOptions>,
): ParamVector {
  if (perExample === undefined) return map(gradient, (tensor) => tf.abs(tensor));
  const losses = perExample(oracle.step).slice(0, samples);
  if (losses.length === 0) {
    throw new RangeError(
      `${owner}: expected perExample to give at least one closure, got none at step ${oracle.step}`,
    );
  }
  let root: ParamVector | undefined;
  for (const loss of losses) {
    const before = root;
    root = tf.tidy(() => {
      const each = oracle.evaluate({ loss }).gradient;
      return before ? zip(before, each, hypotenuse) : map(each, (tensor) => tf.abs(tensor));
    });
    tf.dispose(before);
  }
  return root!;
}

/** √(a² + b²) for a >= 0, the larger factored out. */
function hypotenuse(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
  const size = tf.abs(b);
  const [large, small] = [tf.maximum(a, size), tf.minimum(a, size)];
  return tf.mul(large, tf.sqrt(tf.add(1, tf.square(tf.divNoNan(small, large)))));
}
