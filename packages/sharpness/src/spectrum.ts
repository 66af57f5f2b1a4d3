import * as tf from '@tensorflow/tfjs-core';
import {
  hutchinsonTrace,
  krylov,
  type LinearMap,
  lanczos,
  norm,
  type ParamVector,
  type Reliability,
  requireOneOf,
  seededSampler,
  symmetricEigen,
  type TwoPartLoss,
  unheldKinks,
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
  /** Eigenvalues of largest absolute value, an integer >= 1. Default 1. */
  readonly count?: number | undefined;
  /** Relative to the largest |λ|, > 0. Default 1e-2. */
  readonly tolerance?: number | undefined;
  /** Probes of the trace and the Frobenius norm, an integer >= 0; 0 leaves them out. Default 30. */
  readonly probes?: number | undefined;
  /** Hutch++: see `hutchinsonTrace`. Default 0. */
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
 * Top eigenvalues, trace and Frobenius norm of the Hessian or the Gauss–Newton matrix.
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
  const { vectors, values, residuals, reliable, reason } = await search(map, { count, tolerance, seed });
  tf.dispose(vectors);
  const sums = probes === 0 ? {} : await sumsOf(map, probes, rank, seed);
  return {
    matrix: name,
    eigenvalues: values.slice(0, count),
    residuals,
    tolerance,
    reliable,
    ...(reason !== undefined && { reason }),
    ...sums,
  };
}

async function sumsOf(map: LinearMap, probes: number, rank: number, seed: number) {
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
    const { value, standardError, reliable, reason } = await hutchinsonTrace(watched, { probes, rank, seed });
    const trace = { value, standardError, reliable, ...(reason !== undefined && { reason }) };
    // Of Hutch++ the probes see a part of the matrix alone.
    if (rank > 0) return { trace };
    const stacked = tf.stack(squares);
    const all = Array.from(await stacked.data());
    stacked.dispose();
    // The last is the first probe's by differences of twice the step.
    const off = differences ? (all.at(-1)! - all[0]!) / 3 : 0;
    const mean = meanOf(all.slice(0, probes));
    const own = { value: mean.value, standardError: Math.hypot(mean.standardError, off) };
    return { trace, frobeniusSquared: { ...own, reliable, ...(reason !== undefined && { reason }) } };
  } finally {
    tf.dispose(squares);
  }
}

/** Mean and standard error. */
export function meanOf(values: readonly number[]): { value: number; standardError: number } {
  const value = values.reduce((sum, x) => sum + x, 0) / values.length;
  const squares = values.reduce((sum, x) => sum + (x - value) ** 2, 0);
  return { value, standardError: Math.sqrt(squares / (values.length - 1) / values.length) };
}

/** A spectral density: eigenvalues with their shares of the spectrum, which sum to one. */
export interface Density extends Reliability {
  readonly nodes: number[];
  readonly weights: number[];
  /** The density at x, smoothed by a Gaussian of width sigma. */
  at(x: number, sigma: number): number;
}

/**
 * Spectral density by stochastic Lanczos quadrature: nodes are Ritz values, weights squared first components, averaged over
 * random starts.
 *
 * @param options - `steps`: Lanczos steps of a start, default 30; `probes`: starts, default 5; `seed`.
 * @returns Cost: `steps` · `probes` products.
 * @see Ghorbani et al. 2019. https://arxiv.org/abs/1901.10159
 */
export async function spectralDensity(
  map: LinearMap,
  {
    steps = 30,
    probes = 5,
    seed = 0,
  }: { readonly steps?: number; readonly probes?: number; readonly seed?: number } = {},
): Promise<Density> {
  const draw = seededSampler('rademacher', seed);
  const nodes: number[] = [];
  const weights: number[] = [];
  for (let index = 0; index < probes; index++) {
    const projected = tf.tidy(() => krylov(map, draw(map.shapes!, 0, index), steps).projected);
    const found = symmetricEigen((await projected.array()) as number[][]);
    projected.dispose();
    nodes.push(...found.values);
    weights.push(...found.vectors.map((y) => y[0]! ** 2 / probes));
  }
  const at = (x: number, sigma: number) =>
    nodes.reduce((sum, node, i) => {
      const gauss = Math.exp(-(((x - node) / sigma) ** 2) / 2) / (sigma * Math.sqrt(2 * Math.PI));
      return sum + weights[i]! * gauss;
    }, 0);
  const reason =
    unheldKinks(map) ||
    (!nodes.every(Number.isFinite) && 'a product is not finite: is the loss finite near θ?');
  return { nodes, weights, at, reliable: !reason, ...(reason && { reason }) };
}
