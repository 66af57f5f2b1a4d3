import * as tf from '@tensorflow/tfjs-core';
import {
  hutchinsonTrace,
  judge,
  type LinearMap,
  lanczos,
  norm,
  type ParamVector,
  requireOneOf,
  type TwoPartLoss,
} from '@tfjs-sam/core';
import type { Releasing } from './cost.js';
import { type MatrixName, matrixOf } from './matrix.js';
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
export interface SpectrumOptions {
  /** 'gauss-newton' is the default where the loss is in two parts, 'hessian' elsewhere. */
  readonly matrix?: MatrixName | undefined;
  /** 'lanczos' (default), or the simple way, 'power': power iteration, which takes more products. */
  readonly method?: 'lanczos' | 'power' | undefined;
  /** Eigenvalues of largest absolute value, an integer >= 1. Default 1. Of fewer weights: as many as they are. */
  readonly count?: number | undefined;
  /** Relative to the largest |λ|, > 0. Default 1e-2. */
  readonly tolerance?: number | undefined;
  /** Probes of the trace and the Frobenius norm, an integer >= 0; 0 leaves them out. Default 30. */
  readonly probes?: number | undefined;
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
  /** What the residuals are held to, as a fraction of the largest |λ|. */
  readonly tolerance: number;
  /** Whether the eigenvalues are to be believed. */
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
 * Cost: one product per Lanczos step, two for each eigenvalue, one for each probe and one more, three more for each of `rank`. A
 * product of the Hessian is two gradients, of the Gauss–Newton matrix a gradient and two values; of several batches each of them
 * for each batch, and a value more for its kinks (two for Gauss–Newton).
 *
 * @param of - The loss in two parts, or the batches that the oracle's loss is the mean of.
 */
export async function spectrum(
  oracle: Releasing,
  of?: TwoPartLoss | readonly Subject[],
  options: SpectrumOptions = {},
): Promise<Spectrum> {
  const {
    matrix,
    count = 1,
    tolerance = 1e-2,
    probes = 30,
    rank = 0,
    seed = 0,
    method = 'lanczos',
  } = options;
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

interface Sums {
  readonly probes: number;
  readonly rank: number;
  readonly seed: number;
  /** Why nothing of it is to be believed. */
  readonly broken: string | false;
}

async function sumsOf(map: LinearMap, { probes, rank, seed, broken }: Sums) {
  const squares: tf.Tensor[] = [];
  // E ‖A z‖² = ‖A‖²_F: the probes of the trace serve twice.
  const watch = (apply: (v: ParamVector) => ParamVector) => (v: ParamVector) => {
    const image = apply(v);
    squares.push(tf.keep(tf.tidy(() => tf.square(norm(image)))));
    return image;
  };
  const { shapes, differences } = map;
  const watched: LinearMap = Object.assign(watch(map), {
    ...(shapes && { shapes }),
    ...(differences && {
      differences: { ...differences, at: (step: number) => watch(differences.at(step)) },
    }),
  });
  try {
    const { value, standardError, reason } = await hutchinsonTrace(watched, { probes, rank, seed });
    const verdict = judge([broken, reason]);
    const stacked = tf.stack(squares);
    const all = Array.from(await stacked.data());
    stacked.dispose();
    return {
      trace: { value, standardError, ...verdict },
      frobeniusSquared: {
        ...squaresOf(all, { probes, rank, differenced: differences !== undefined }),
        ...verdict,
      },
    };
  } finally {
    tf.dispose(squares);
  }
}

/**
 * ‖A‖²_F and its standard error, of the squared norms of the images that a trace asked for, in their order.
 *
 * Of Hutch++ those of random vectors come first, which found a basis Q; then those of Q, and of Q by twice the step; then those of
 * the probes, which lie outside of it: ‖A‖²_F = ‖A Q‖²_F + ‖A (I − Q Qᵀ)‖²_F. The last is the first probe's by twice the step.
 */
function squaresOf(
  all: readonly number[],
  {
    probes,
    rank,
    differenced,
  }: { readonly probes: number; readonly rank: number; readonly differenced: boolean },
): { value: number; standardError: number } {
  const exact = all.slice(rank, 2 * rank);
  const coarse = differenced ? all.slice(2 * rank, 3 * rank) : exact;
  const rest = all.slice(differenced ? 3 * rank : 2 * rank);
  const { value, standardError } = meanOf(rest.slice(0, probes));
  // Of the finer difference a third of the disagreement is left.
  const gaps = exact.map((square, k) => (square - coarse[k]!) / 3);
  const off = differenced ? (rest.at(-1)! - rest[0]!) / 3 : 0;
  return {
    value: value + exact.reduce((sum, square, k) => sum + square + gaps[k]!, 0),
    standardError: Math.hypot(
      standardError,
      off,
      gaps.reduce((sum, gap) => sum + Math.abs(gap), 0),
    ),
  };
}

/** Mean and standard error. */
export function meanOf(values: readonly number[]): { value: number; standardError: number } {
  const value = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - value) ** 2, 0);
  return { value, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}
