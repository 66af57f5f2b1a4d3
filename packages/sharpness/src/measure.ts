import type * as tf from '@tensorflow/tfjs-core';
import { makeOracle } from '@tfjs-sam/core';
import { type Cost, counting, type Releasing } from './cost.js';
import {
  type AverageOptions,
  averageSharpness,
  gradientNorm,
  type WorstCase,
  type WorstCaseOptions,
  worstCaseSharpness,
} from './sharpness.js';
import { type Estimate, meanOf, type Spectrum, type SpectrumOptions, spectrum } from './spectrum.js';
import {
  type Examined,
  type ExaminedOptions,
  examined,
  type LabelledData,
  type Measurable,
  normalised,
  weighedLosses,
} from './subject.js';

/** Options of `measure`. A part set to false is left out. */
export interface MeasureOptions extends ExaminedOptions {
  /** Default one eigenvalue and the trace by 30 probes. */
  readonly spectrum?: SpectrumOptions | false | undefined;
  /** Default Euclidean, ρ 0.05, ten steps. */
  readonly worstCase?: WorstCaseOptions | false | undefined;
  /** Default σ 0.01, 20 pairs. */
  readonly average?: AverageOptions | false | undefined;
  /** Measure the loss of normalised logits, which needs a loss in two parts. Default false. */
  readonly normaliseLogits?: boolean | undefined;
  /** Spectra of blocks as well: of each layer of a model, or of named groups of variables. Default none. */
  readonly groups?: 'layers' | Readonly<Record<string, readonly tf.Variable[]>> | undefined;
}

/** The findings of `measure`. */
export interface Measurement {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly spectrum?: Spectrum;
  /** Spectra of the diagonal blocks of the groups that were asked for. */
  readonly groups?: Readonly<Record<string, Spectrum>>;
  readonly worstCase?: WorstCase;
  readonly average?: Estimate;
  /** Evaluations, of each batch, without the one gradient at θ (of each group, for their spectra). */
  readonly cost: Cost;
  /** True where every number is to be believed. */
  readonly reliable: boolean;
}

/** Runs `f` on an oracle of the batches' mean, and tells what it cost. */
export async function withOracle<T>(
  { batches, variables }: Pick<Examined, 'batches' | 'variables'>,
  f: (oracle: Releasing) => Promise<T>,
): Promise<{ found: T; cost: Cost }> {
  const own = makeOracle(weighedLosses(batches), variables);
  try {
    const { oracle, cost } = counting(own, batches.length);
    return { found: await f(oracle), cost: cost() };
  } finally {
    own.dispose();
  }
}

/**
 * Measures how flat a loss is at the weights as they are, which come back bit for bit, as statistics do.
 *
 * @param target - A compiled `LayersModel` (then with data), a loss closure of fixed data, a loss in two parts, a subject with
 *   its variables, or a list of subjects: batches, of whose mean everything is measured, in the memory of one.
 * @param data - Of a model, whole (`batchSize` cuts it) or in batches.
 * @throws TypeError for what cannot be measured; RangeError for data that the model's loss would read wrongly.
 * @example const { spectrum, reliable } = await measure(model, { x, y }, { spectrum: { count: 3 }, batchSize: 256 });
 */
export async function measure(
  target: Measurable,
  data?: LabelledData | readonly LabelledData[],
  options: MeasureOptions = {},
): Promise<Measurement> {
  const given = await examined(target, data, options);
  const subject = options.normaliseLogits ? { ...given, batches: normalised(given.batches) } : given;
  const { spectrum: ends, worstCase, average } = options;
  const { batches } = subject;
  const { found, cost } = await withOracle(subject, async (oracle) => {
    const [loss] = await oracle.value().data();
    return {
      loss: loss!,
      gradientNorm: await gradientNorm(oracle),
      ...(ends !== false && { spectrum: await spectrum(oracle, batches, ends) }),
      ...(worstCase !== false && { worstCase: await worstCaseSharpness(oracle, worstCase) }),
      ...(average !== false && { average: await averageSharpness(oracle, average) }),
    };
  });
  const blocks = await spectraOf(subject, options);
  const spectra = [found.spectrum, ...Object.values(blocks?.groups ?? {})];
  const judged = [...spectra, ...spectra.map((each) => each?.trace), found.worstCase, found.average];
  const total = [cost, ...(blocks?.costs ?? [])];
  return {
    ...found,
    ...(blocks && { groups: blocks.groups }),
    cost: {
      gradients: total.reduce((sum, { gradients }) => sum + gradients, 0),
      values: total.reduce((sum, { values }) => sum + values, 0),
    },
    reliable:
      Number.isFinite(found.loss) &&
      Number.isFinite(found.gradientNorm) &&
      judged.every((each) => each?.reliable !== false),
  };
}

/** Spectra of the blocks of a matrix that belong to groups of variables. */
async function spectraOf(
  { batches, layers }: Examined,
  { groups, spectrum: ends }: MeasureOptions,
): Promise<{ groups: Record<string, Spectrum>; costs: Cost[] } | undefined> {
  if (groups === undefined || ends === false) return undefined;
  const named = groups === 'layers' ? layers : groups;
  if (!named) throw new TypeError('measure: expected groups by name for a loss without layers, got "layers"');
  const spectra: Record<string, Spectrum> = {};
  const costs: Cost[] = [];
  for (const [name, variables] of Object.entries(named)) {
    const { found, cost } = await withOracle({ batches, variables }, (oracle) =>
      spectrum(oracle, batches, ends),
    );
    spectra[name] = found;
    costs.push(cost);
  }
  return { groups: spectra, costs };
}

/**
 * m-sharpness: the mean worst case over parts of a batch, of m examples each, and its standard error over them.
 *
 * @param losses - A loss for each part. Cost: that of `worstCaseSharpness` and one gradient for each.
 */
export async function mSharpness(
  losses: readonly (() => tf.Scalar)[],
  variables: readonly tf.Variable[],
  {
    onPart,
    ...options
  }: WorstCaseOptions & {
    /** Waited for after each part. */
    readonly onPart?: (() => Promise<void>) | undefined;
  } = {},
): Promise<Estimate> {
  const values: number[] = [];
  const reasons = new Set<string>();
  for (const loss of losses) {
    const oracle = makeOracle(loss, variables);
    try {
      const { value, reason } = await worstCaseSharpness(oracle, options);
      values.push(value);
      if (reason) reasons.add(reason);
    } finally {
      oracle.dispose();
    }
    await onPart?.();
  }
  return {
    ...meanOf(values),
    reliable: reasons.size === 0,
    ...(reasons.size > 0 && { reason: [...reasons].join('; ') }),
  };
}
