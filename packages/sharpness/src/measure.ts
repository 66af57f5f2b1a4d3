import * as tf from '@tensorflow/tfjs-core';
import { makeOracle } from '@tfjs-sam/core';
import { type Cost, counting } from './cost.js';
import {
  averageSharpness,
  gradientNorm,
  type WorstCase,
  type WorstCaseOptions,
  worstCaseSharpness,
} from './sharpness.js';
import { type Estimate, type Spectrum, type SpectrumOptions, spectrum } from './spectrum.js';
import { type LabelledData, type Measurable, normaliseLogits, subjectOf } from './subject.js';

/** Options of `measure`. A part set to false is left out. */
export interface MeasureOptions {
  /** Default one eigenvalue and the trace by 30 probes. */
  readonly spectrum?: SpectrumOptions | false | undefined;
  /** Default Euclidean, ρ 0.05, ten steps. */
  readonly worstCase?: WorstCaseOptions | false | undefined;
  /** Default σ 0.01, 20 pairs. */
  readonly average?: Parameters<typeof averageSharpness>[1] | false | undefined;
  /** Measure the loss of normalised logits, which needs a loss in two parts. Default false. */
  readonly normaliseLogits?: boolean | undefined;
  /** Run a model as in training: dropout, the batch's statistics. Default false. */
  readonly training?: boolean | undefined;
}

/** What `measure` found. */
export interface Measurement {
  readonly loss: number;
  readonly gradientNorm: number;
  readonly spectrum?: Spectrum;
  readonly worstCase?: WorstCase;
  readonly average?: Estimate;
  /** Evaluations, without the one gradient at θ and a value for the kinks of each loss. */
  readonly cost: Cost;
  /** Whether every number is to be believed. */
  readonly reliable: boolean;
}

/**
 * Measures how flat a loss is at the weights as they are, which come back bit for bit, as statistics do.
 *
 * @param target - A compiled `LayersModel` (then with data), a loss closure of fixed data, a loss in two parts, or a subject
 *   with its variables.
 * @throws TypeError for what cannot be measured.
 * @example const { spectrum, reliable } = await measure(model, { x, y }, { spectrum: { count: 3 } });
 */
export async function measure(
  target: Measurable,
  data?: LabelledData,
  options: MeasureOptions = {},
): Promise<Measurement> {
  const subject = subjectOf(target, data, options);
  if (options.normaliseLogits && !subject.parts)
    throw new TypeError('measure: expected a loss in two parts for normaliseLogits, got a closure');
  const parts = options.normaliseLogits ? normaliseLogits(subject.parts!) : subject.parts;
  const loss = parts ? () => tf.tidy(() => parts.lossOf(parts.outputs())) : subject.loss;
  const own = makeOracle(loss, subject.variables);
  try {
    const { oracle, cost } = counting(own);
    const { spectrum: ends, worstCase, average } = options;
    const found = {
      ...(ends !== false && { spectrum: await spectrum(oracle, parts, ends) }),
      ...(worstCase !== false && { worstCase: await worstCaseSharpness(oracle, worstCase) }),
      ...(average !== false && { average: await averageSharpness(oracle, average) }),
    };
    const [value] = await oracle.value().data();
    const judged = [found.spectrum, found.spectrum?.trace, found.worstCase, found.average];
    return {
      loss: value!,
      gradientNorm: await gradientNorm(oracle),
      ...found,
      cost: cost(),
      reliable: judged.every((each) => each?.reliable !== false),
    };
  } finally {
    own.dispose();
  }
}

/**
 * m-sharpness: the mean worst case over parts of a batch, of m examples each, and its standard error over them.
 *
 * @param losses - A loss for each part. Cost: that of `worstCaseSharpness` and one gradient for each.
 */
export async function mSharpness(
  losses: readonly (() => tf.Scalar)[],
  variables: readonly tf.Variable[],
  options: WorstCaseOptions = {},
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
  }
  const value = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - value) ** 2, 0);
  return {
    value,
    standardError: Math.sqrt(squares / (values.length - 1) / values.length),
    reliable: reasons.size === 0,
    ...(reasons.size > 0 && { reason: [...reasons].join('; ') }),
  };
}
