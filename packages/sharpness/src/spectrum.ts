import * as tf from '@tensorflow/tfjs-core';
import {
  complete,
  hutchinsonTrace,
  judge,
  type LinearMap,
  lanczos,
  type OptionsOf,
  requireOneOf,
  type TraceOptions,
  type TwoPartLoss,
} from '@tfjs-sam/core';
import type { Releasing } from './cost.js';
import { type MatrixName, matrixOf } from './matrix.js';
import { spectrumOptions } from './options.js';
import { powerIteration } from './power.js';
import type { Subject } from './subject.js';

/** A measured number. */
export interface Estimate {
  readonly value: number;
  /** Its standard error; absent where it is no sample's mean. */
  readonly standardError?: number;
  readonly reliable: boolean;
  /** Why it is not to be believed, and what to do. */
  readonly reason?: string;
}

/** Options of `spectrum`. */
export interface SpectrumOptions extends OptionsOf<typeof spectrumOptions> {
  /** 'gauss-newton' is the default where the loss is in two parts, 'hessian' elsewhere. */
  readonly matrix?: MatrixName | undefined;
  /** 'lanczos' (default), or the simple way, 'power': power iteration, which takes more products. */
  readonly method?: 'lanczos' | 'power' | undefined;
  /** Hutch++, of the Frobenius norm as well: see `hutchinsonTrace`. Default 0. */
  readonly rank?: number | undefined;
  /** Seed of all draws. Default 0. */
  readonly seed?: number | undefined;
}

/** The ends of a spectrum, and its sums. */
export interface Spectrum {
  readonly matrix: MatrixName;
  /** Largest absolute value first. */
  readonly eigenvalues: number[];
  /** ‖A v − λ v‖ of each, by one more product. */
  readonly residuals: number[];
  /** The bound of the residuals, as a fraction of the largest |λ|. */
  readonly tolerance: number;
  /** True where the eigenvalues are to be believed. */
  readonly reliable: boolean;
  readonly reason?: string;
  readonly trace?: Estimate;
  /** ‖A‖²_F, the sum of squared eigenvalues. */
  readonly frobeniusSquared?: Estimate;
}

/**
 * Top eigenvalues, trace and Frobenius norm of the Hessian or the Gauss–Newton matrix. Nothing is reliable where the loss is not
 * finite.
 *
 * Cost: one product per Lanczos step, two for each eigenvalue, one for each probe and two more (up to eight, see `hutchinsonTrace`),
 * three more for each of `rank`. A product of the Hessian is two gradients, of the Gauss–Newton matrix a gradient and two values; of several batches each of them
 * for each batch, and a value more for its kinks (two for Gauss–Newton).
 *
 * @param of - The loss in two parts, or the batches that the oracle's loss is the mean of.
 */
export async function spectrum(
  oracle: Releasing,
  of?: TwoPartLoss | readonly Subject[],
  options: SpectrumOptions = {},
): Promise<Spectrum> {
  const { matrix, rank = 0, seed = 0, method = 'lanczos', ...ends } = options;
  const { count, tolerance, probes } = complete('spectrum', spectrumOptions, ends);
  requireOneOf('spectrum', 'method', method, ['lanczos', 'power']);
  const { name, map } = matrixOf(oracle, of, matrix);
  const search = method === 'power' ? powerIteration : lanczos;
  // A gradient may be finite where the loss is not, as that of the logarithm of a negative number.
  const [loss] = await oracle.value().data();
  const broken = !Number.isFinite(loss) && `the loss at θ is ${loss}`;
  const { vectors, values, residuals, reason } = await search(map, { count, tolerance, seed });
  tf.dispose(vectors);
  const sums = probes === 0 ? {} : await sumsOf(map, { probes, rank, seed, broken });
  const eigenvalues = values.slice(0, count);
  return { matrix: name, eigenvalues, residuals, tolerance, ...judge([broken, reason]), ...sums };
}

/** Trace and Frobenius norm, of the same probes. */
async function sumsOf(
  map: LinearMap,
  { broken, ...options }: TraceOptions & { readonly broken: string | false },
): Promise<Pick<Spectrum, 'trace' | 'frobeniusSquared'>> {
  const { value, standardError, reason, frobeniusSquared: squared } = await hutchinsonTrace(map, options);
  return {
    trace: { value, standardError, ...judge([broken, reason]) },
    frobeniusSquared: {
      value: squared.value,
      standardError: squared.standardError,
      ...judge([broken, squared.reason]),
    },
  };
}

/** Mean and standard error. */
export function meanOf(values: readonly number[]): { value: number; standardError: number } {
  const value = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - value) ** 2, 0);
  return { value, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}
