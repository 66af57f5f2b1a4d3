import * as tf from '@tensorflow/tfjs';
import { definePart, integer, type LossClosure, number } from '@tfjs-sam/core';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import type { Measure } from './measure.js';

/** L(θ + δ) − L(θ) with δ = ρ g / ‖g‖; the weights are put back from saved tensors. */
async function rise(loss: LossClosure, variables: tf.Variable[], rho: number): Promise<number> {
  const difference = tf.tidy(() => {
    const saved = variables.map((variable) => tf.clone(variable));
    const { value, grads } = tf.variableGrads(() => loss(), variables);
    const squares = variables.flatMap(({ name }) => (grads[name] ? [tf.sum(tf.square(grads[name]))] : []));
    const scale = tf.divNoNan(rho, tf.sqrt(tf.addN(squares)));
    try {
      variables.forEach((variable, i) => {
        const gradient = grads[variable.name];
        if (gradient) variable.assign(tf.add(saved[i]!, tf.mul(scale, gradient)));
      });
      return tf.sub(loss(), value);
    } finally {
      variables.forEach((variable, i) => {
        variable.assign(saved[i]!);
      });
    }
  });
  const [number] = await difference.data();
  difference.dispose();
  return number!;
}

/**
 * How far the loss rises within a radius, one gradient step up, on batches of m examples: what SAM holds down.
 *
 * @see Foret et al. 2021, section 4.1. https://arxiv.org/abs/2010.01412
 */
export const mSharpness = definePart({
  kind: 'measure',
  name: 'm-sharpness',
  doc: 'Rise of the training loss one step of length rho up its gradient, on batches of m examples',
  source: 'Foret et al. 2021, arXiv 2010.01412, section 4.1',
  options: {
    rho: number({ above: 0, default: 0.05, doc: 'Length of the step' }),
    m: integer({ min: 1, default: 64, doc: 'Examples of a batch' }),
    examples: integer({ min: 1, default: 1024, doc: 'Training examples to look at, at most' }),
  },
  create: ({ rho, m, examples }): Measure => ({
    columns: [{ name: 'm-sharpness', title: 'm-sharpness', better: 'lower' }],
    async measure({ problem, pause }) {
      const rises: number[] = [];
      for (const loss of problem.losses('train', { batchSize: m, examples })) {
        rises.push(await rise(loss, problem.variables, rho));
        await pause();
      }
      const value = mean(rises);
      if (!Number.isFinite(value))
        return { 'm-sharpness': { value: null, unreliable: 'the loss is not finite' } };
      const error = rises.length > 1 ? sampleStandardDeviation(rises) / Math.sqrt(rises.length) : undefined;
      return { 'm-sharpness': { value, error } };
    },
  }),
});
