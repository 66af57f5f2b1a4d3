import { definePart, integer, oneOf } from '@tfjs-sam/core';
import { type Calibration, calibrationOf } from '@tfjs-sam/sharpness';
import { type Measure, type MeasureContext, ofClassifiers } from './measure.js';
import { measuredOf } from './measured.js';

const split = oneOf(['train', 'validation', 'test'], { default: 'test', doc: 'Split that is measured' });

/** A classifier's answers to a split. */
async function calibrationOn(
  { problem, pause }: MeasureContext,
  part: 'train' | 'validation' | 'test',
  bins?: number,
) {
  if (!problem.predictions) throw new Error('expected a task with classes for this measure');
  const pieces = problem.predictions(part);
  for (;;) {
    const { done, value } = pieces.next();
    if (done) {
      const { logits, classes, count } = value;
      const labels = new Float32Array(logits.length);
      for (const [row, label] of classes.entries()) labels[row * count + label] = 1;
      return calibrationOf({ logits, labels, classes: count }, bins);
    }
    await pause();
  }
}

/** A measure that is a mean over a split's examples. */
function exampleMean(name: 'accuracy' | 'nll' | 'brier', title: string, better: 'higher' | 'lower') {
  return definePart({
    kind: 'measure',
    name,
    doc: `${title}, the mean over a split's examples`,
    options: { split },
    create: ({ split: part }): Measure => ({
      columns: [{ name, title, better }],
      contradiction: ofClassifiers(part),
      async measure(context) {
        const found: Calibration = await calibrationOn(context, part);
        return {
          [name]: measuredOf({
            value: found[name],
            standardError: found.standardErrors[name],
            reliable: Number.isFinite(found[name]),
            reason: 'not finite',
          }),
        };
      },
    }),
  });
}

const ece = definePart({
  kind: 'measure',
  name: 'ece',
  doc: 'Expected calibration error: mean distance of confidence and accuracy over bins',
  source: 'Guo et al. 2017, arXiv 1706.04599',
  options: { split, bins: integer({ min: 1, default: 15, doc: 'Bins of equal width' }) },
  create: ({ split: part, bins }): Measure => ({
    columns: [{ name: 'ece', title: 'calibration error', better: 'lower' }],
    contradiction: ofClassifiers(part),
    async measure(context) {
      const { ece: value, nll } = await calibrationOn(context, part, bins);
      return { ece: measuredOf({ value, reliable: Number.isFinite(value + nll), reason: 'not finite' }) };
    },
  }),
});

/** Measures of what a classifier says. */
export const classifierMeasures = [
  exampleMean('accuracy', 'accuracy', 'higher'),
  exampleMean('nll', 'negative log-likelihood', 'lower'),
  exampleMean('brier', 'Brier score', 'lower'),
  ece,
];
