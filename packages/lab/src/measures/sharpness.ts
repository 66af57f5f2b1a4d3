import { anyOf, boolean, definePart, integer, oneOf, type PerturbationMetric, part } from '@tfjs-sam/core';
import {
  averageOptions,
  averageSharpness,
  mSharpness as meanWorstCase,
  normalised,
  gradientNorm as normOfGradient,
  type Releasing,
  type Subject,
  spectrum,
  spectrumOptions,
  withOracle,
  worstCaseOptions,
  worstCaseSharpness,
} from '@tfjs-sam/sharpness';
import { type Measure, type MeasureContext, ofSplit } from './measure.js';
import { measuredOf, subjectsOf } from './measured.js';

/** The subject of every measure of flatness. */
const looked = {
  split: oneOf(['train', 'validation', 'test'], { default: 'train', doc: 'Split that is measured' }),
  examples: integer({ min: 1, default: 1024, doc: 'Examples to look at, at most' }),
  batchSize: integer({ min: 1, default: 256, doc: 'Examples in memory at a time' }),
  normaliseLogits: boolean({
    default: false,
    doc: 'Of logits divided by their spread, whose length does not matter then',
  }),
};

/** The ball that a worst case is looked for in. */
const ball = {
  ...worstCaseOptions,
  metric: anyOf([part('metric', { doc: 'A metric' }), oneOf(['infinity'], { doc: 'the largest entry' })], {
    optional: 'Euclidean',
    doc: 'Ball that is searched',
  }),
};

type Given = {
  readonly split: 'train' | 'validation' | 'test';
  readonly examples: number;
  readonly batchSize: number;
  readonly normaliseLogits: boolean;
};

/** Runs a measure on an oracle of the mean over batches. */
async function onOracle<T>(
  { problem, pause }: MeasureContext,
  given: Given,
  f: (oracle: Releasing, batches: readonly Subject[]) => Promise<T>,
): Promise<T> {
  const subjects = subjectsOf(problem, given);
  const batches = given.normaliseLogits ? normalised(subjects) : subjects;
  const { found } = await withOracle({ batches, variables: problem.variables }, (oracle) =>
    f(oracle, batches),
  );
  await pause();
  return found;
}

/** The metric of an option; what it was made from does not matter. */
const metricOf = (metric: unknown) => metric as PerturbationMetric | 'infinity' | undefined;

/** A matrix's top eigenvalues, trace and Frobenius norm. */
function spectrumMeasure(matrix: 'gauss-newton' | 'hessian', title: string, doc: string, source: string) {
  return definePart({
    kind: 'measure',
    name: matrix,
    doc,
    source,
    options: {
      ...looked,
      ...spectrumOptions,
    },
    create: ({ count, probes, tolerance, ...given }): Measure => ({
      columns: [
        ...Array.from({ length: count }, (_, k) => ({
          name: `${matrix}-${k + 1}`,
          title: `λ${k + 1} of ${title}`,
          better: 'lower' as const,
        })),
        ...(probes > 0
          ? [
              { name: `${matrix}-trace`, title: `trace of ${title}`, better: 'lower' as const },
              { name: `${matrix}-frobenius`, title: `‖·‖F of ${title}`, better: 'lower' as const },
            ]
          : []),
      ],
      contradiction: ofSplit(given.split),
      async measure(context) {
        const found = await onOracle(context, given, (oracle, batches) =>
          spectrum(oracle, batches, { matrix, count, probes, tolerance, seed: context.seed }),
        );
        const { reliable } = found;
        // Of a few weights there may be fewer eigenvalues than were asked for.
        const top = Array.from({ length: count }, (_, k) => {
          const [value = Number.NaN, residual] = [found.eigenvalues[k], found.residuals[k]];
          const reason =
            found.reason ?? `there are ${found.eigenvalues.length} eigenvalues, as many as weights`;
          // An eigenvalue lies within the residual.
          const error = residual === undefined ? {} : { standardError: residual };
          return [`${matrix}-${k + 1}`, measuredOf({ value, ...error, reliable, reason })] as const;
        });
        const { trace, frobeniusSquared: squared } = found;
        return {
          ...Object.fromEntries(top),
          ...(trace && { [`${matrix}-trace`]: measuredOf(trace) }),
          ...(squared && {
            [`${matrix}-frobenius`]: measuredOf({
              ...squared,
              value: Math.sqrt(squared.value),
              standardError: squared.standardError! / (2 * Math.sqrt(squared.value)),
            }),
          }),
        };
      },
    }),
  });
}

const gaussNewton = spectrumMeasure(
  'gauss-newton',
  'the Gauss–Newton matrix',
  'Top eigenvalues, trace and Frobenius norm of the Gauss–Newton matrix, which ReLU kinks do not disturb',
  'Schraudolph 2002',
);

const hessian = spectrumMeasure(
  'hessian',
  'the Hessian',
  'Top eigenvalues, trace and Frobenius norm of the Hessian, with the kinks of ReLU and pooling held',
  'Yao et al. 2020, arXiv 1912.07145',
);

/** One number with a head. */
const column = (name: string, title: string) => [{ name, title, better: 'lower' as const }];

const worstCase = definePart({
  kind: 'measure',
  name: 'worst-case',
  doc: 'Rise of the loss at the worst point found in a ball of any metric, by projected ascent: a lower bound',
  source: 'Andriushchenko et al. 2023, arXiv 2302.07011',
  options: {
    ...looked,
    ...ball,
  },
  create: ({ rho, steps, restarts, metric, ...given }): Measure => ({
    columns: column('worst-case', 'worst-case sharpness'),
    contradiction: ofSplit(given.split),
    async measure(context) {
      const options = { rho, steps, restarts, metric: metricOf(metric), seed: context.seed };
      const found = await onOracle(context, given, (oracle) => worstCaseSharpness(oracle, options));
      return { 'worst-case': measuredOf(found) };
    },
  }),
});

const averageCase = definePart({
  kind: 'measure',
  name: 'average-case',
  doc: 'Mean rise of the loss under Gaussian noise on the weights',
  source: 'Andriushchenko et al. 2023, arXiv 2302.07011',
  options: {
    ...looked,
    ...averageOptions,
  },
  create: ({ sigma, samples, adaptive, ...given }): Measure => ({
    columns: column('average-case', 'average-case sharpness'),
    contradiction: ofSplit(given.split),
    async measure(context) {
      const options = { sigma, samples, adaptive, seed: context.seed };
      const found = await onOracle(context, given, (oracle) => averageSharpness(oracle, options));
      return { 'average-case': measuredOf(found) };
    },
  }),
});

const gradientNorm = definePart({
  kind: 'measure',
  name: 'gradient-norm',
  doc: 'Euclidean norm of the gradient of the loss of a split',
  options: looked,
  create: (given): Measure => ({
    columns: column('gradient-norm', 'gradient norm'),
    contradiction: ofSplit(given.split),
    async measure(context) {
      const value = await onOracle(context, given, (oracle) => normOfGradient(oracle));
      return { 'gradient-norm': measuredOf({ value, reliable: true }) };
    },
  }),
});

/** The rise of the loss within a radius on batches of m examples: SAM holds it down. */
export const mSharpness = definePart({
  kind: 'measure',
  name: 'm-sharpness',
  doc: 'Rise of the training loss at the worst point found within a radius, the mean over batches of m examples',
  source: 'Foret et al. 2021, arXiv 2010.01412, section 4.1',
  options: {
    ...ball,
    steps: integer({ min: 1, default: 1, doc: worstCaseOptions.steps.doc }),
    m: integer({ min: 1, default: 64, doc: 'Examples of a batch' }),
    examples: integer({ min: 1, default: 1024, doc: 'Training examples to look at, at most' }),
  },
  create: ({ rho, m, examples, steps, restarts, metric }): Measure => ({
    columns: column('m-sharpness', 'm-sharpness'),
    async measure({ problem, seed, pause }) {
      const batches = subjectsOf(problem, { split: 'train', batchSize: m, examples });
      const options = { rho, steps, restarts, metric: metricOf(metric), seed };
      const losses = batches.map(({ loss }) => loss);
      const found = await meanWorstCase(losses, problem.variables, { ...options, onPart: pause });
      return { 'm-sharpness': measuredOf(found) };
    },
  }),
});

/** Measures of how flat a minimum is. */
export const sharpnessMeasures = [gaussNewton, hessian, worstCase, averageCase, gradientNorm, mSharpness];
