import { definePart, integer, oneOf } from '@tfjs-sam/core';
import type { Measured } from '../results.js';
import type { Predictions } from '../trial/task.js';
import type { Measure, MeasureContext } from './measure.js';

const split = oneOf(['train', 'validation', 'test'], { default: 'test', doc: 'Split that is measured' });

/** Probabilities of one row. */
function probabilities({ logits, count }: Predictions, row: number): Float64Array {
  const own = Float64Array.from(logits.subarray(row * count, (row + 1) * count));
  const largest = own.reduce((a, b) => Math.max(a, b));
  const powers = own.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b);
  return powers.map((power) => power / sum);
}

async function predictionsOf({ problem, pause }: MeasureContext, part: 'train' | 'validation' | 'test') {
  if (!problem.predictions) throw new Error('expected a task with classes for this measure');
  const pieces = problem.predictions(part);
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return value;
    await pause();
  }
}

/** Mean and its standard error over examples. */
function meanOf(values: readonly number[]): Measured {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / Math.max(1, values.length - 1);
  if (!Number.isFinite(mean)) return { value: null, unreliable: 'not finite' };
  return { value: mean, error: Math.sqrt(variance / values.length) };
}

/** A measure that is a mean over a split's examples. */
function exampleMean(
  name: string,
  title: string,
  better: 'higher' | 'lower',
  of: (p: Float64Array, label: number) => number,
) {
  return definePart({
    kind: 'measure',
    name,
    doc: `${title}, the mean over a split's examples`,
    options: { split },
    create: ({ split: part }): Measure => ({
      columns: [{ name, title, better }],
      async measure(context) {
        const predictions = await predictionsOf(context, part);
        return {
          [name]: meanOf(
            Array.from(predictions.classes, (label, row) => of(probabilities(predictions, row), label)),
          ),
        };
      },
    }),
  });
}

const likeliest = (p: Float64Array): number => p.indexOf(p.reduce((a, b) => Math.max(a, b)));

const ece = definePart({
  kind: 'measure',
  name: 'ece',
  doc: 'Expected calibration error: mean distance of confidence and accuracy over bins',
  source: 'Guo et al. 2017, arXiv 1706.04599',
  options: { split, bins: integer({ min: 1, default: 15, doc: 'Bins of equal width' }) },
  create: ({ split: part, bins }): Measure => ({
    columns: [{ name: 'ece', title: 'calibration error', better: 'lower' }],
    async measure(context) {
      const predictions = await predictionsOf(context, part);
      const gap = new Float64Array(bins);
      predictions.classes.forEach((label, row) => {
        const p = probabilities(predictions, row);
        const best = likeliest(p);
        const bin = Math.min(bins - 1, Math.floor(p[best]! * bins));
        gap[bin]! += p[best]! - (best === label ? 1 : 0);
      });
      const value = gap.reduce((sum, each) => sum + Math.abs(each), 0) / predictions.classes.length;
      return { ece: Number.isFinite(value) ? { value } : { value: null, unreliable: 'not finite' } };
    },
  }),
});

/** Measures of what a classifier says. */
export const classifierMeasures = [
  exampleMean('accuracy', 'accuracy', 'higher', (p, label) => (likeliest(p) === label ? 1 : 0)),
  exampleMean('nll', 'negative log-likelihood', 'lower', (p, label) => -Math.log(p[label]!)),
  exampleMean('brier', 'Brier score', 'lower', (p, label) =>
    p.reduce((sum, each, c) => sum + (each - (c === label ? 1 : 0)) ** 2, 0),
  ),
  ece,
];
