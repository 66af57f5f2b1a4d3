import * as tf from '@tensorflow/tfjs-core';
import { type Sampler, seededSampler } from '../algebra/random.js';
import { axpy, dot, norm, type ParamVector, scale } from '../algebra/vector.js';
import { requireInteger, requirePositive } from '../declare/errors.js';
import type { GradientOracle } from '../oracle/oracle.js';
import { combine, unit } from './combine.js';
import { DISAGREEMENT, judge, NOT_FINITE, type Reliability, resolveMap, unheldKinks } from './estimate.js';
import { CONCENTRATED_STEP, type LinearMap } from './hvp.js';
import { BREAKDOWN, orthogonalise, unitOutside } from './krylov.js';
import { type SymmetricEigen, symmetricEigen } from './symmetric-eigen.js';

/** Options of `lanczos`. */
export interface LanczosOptions {
  /**
   * Eigenpairs of largest absolute value that must converge, and whose vectors are returned, >= 1. Default 1. Of a map of fewer
   * dimensions: all.
   */
  readonly count?: number | undefined;
  /** Most steps, an integer >= `count`. Default 100 + 20 · `count`. */
  readonly iterations?: number | undefined;
  /**
   * Vectors that are held before a restart keeps the best of them, an integer > `count`. Default 20 + 2 · `count`. Memory:
   * one vector of the weights' size for each.
   */
  readonly basis?: number | undefined;
  /**
   * Converged when every wanted pair's residual ‖A v − λ v‖ is below this fraction of the largest |λ|, > 0. Default
   * 1e-2, for which |λ| is within some 1e-4 where eigenvalues lie apart. A tolerance below the noise of the differences
   * (some 1e-3) never converges.
   */
  readonly tolerance?: number | undefined;
  /** Seed of the start vector, an integer. Default 0. */
  readonly seed?: number | undefined;
  /** Draws the start vector in place of the seed; its length does not matter. */
  readonly sampler?: Sampler | undefined;
}

/** The result of Lanczos's method. */
export interface LanczosResult extends Reliability {
  /** Ritz values, largest absolute value first; the first `count` are the wanted ones. */
  readonly values: number[];
  /** Unit Ritz vectors of the first `count` values. The caller disposes them. */
  readonly vectors: ParamVector[];
  /** ‖A v − λ v‖ of the first `count` pairs, by one more application each, in units of the eigenvalues. */
  readonly residuals: number[];
  /** Steps taken: applications of the map, without those of `residuals`. */
  readonly iterations: number;
  /** True where the wanted pairs' residuals met the tolerance. */
  readonly converged: boolean;
}

/**
 * The extreme eigenpairs of a symmetric map by Lanczos's method with full reorthogonalisation and thick restarts.
 *
 * A measure: it reads numbers back at every step, so it is not for use within a training step (`hessianLowRankMetric` does
 * that). Cost: one application per step, and two for each wanted pair: its residual, and the agreement of two difference
 * steps; again where a residual turns out larger than the search took it for.
 *
 * @param target - A map (`hessian(oracle)`, `gaussNewton(oracle, parts)`), or an oracle, for its Hessian.
 * @param shapes - Shapes of the map's vectors, for a map that does not know them; else the options may stand here.
 * @returns Values and vectors; stops early when converged, or when the Krylov space is exhausted.
 * @throws RangeError when an option is out of its range.
 * @see Wu and Simon 2000, "Thick-restart Lanczos method for large symmetric eigenvalue problems".
 * @example
 * const { values, reliable, reason } = await lanczos(oracle, { count: 3 });
 */
export async function lanczos(
  target: GradientOracle | LinearMap,
  shapes?: readonly number[][] | LanczosOptions,
  options: LanczosOptions = {},
): Promise<LanczosResult> {
  const own = Array.isArray(shapes) ? options : ((shapes as LanczosOptions | undefined) ?? options);
  const { count: asked = 1, tolerance = 1e-2, seed = 0, sampler } = own;
  const { iterations = 100 + 20 * asked, basis: size = 20 + 2 * asked } = own;
  requireInteger('lanczos', 'count', asked, 1);
  requireInteger('lanczos', 'iterations', iterations, asked);
  requireInteger('lanczos', 'basis', size, asked + 1);
  requirePositive('lanczos', 'tolerance', tolerance);
  const resolved = resolveMap('lanczos', target, Array.isArray(shapes) ? shapes : undefined);
  const count = Math.min(asked, dimensionOf(resolved.shapes));
  const draw = sampler ?? seededSampler('gaussian', seed);
  const { differences } = resolved.apply;
  const search = (step: number, patience: number) =>
    ritzSearch(resolved, { count, tolerance, iterations, size, draw, patience }, step);
  if (differences === undefined || differences.step !== undefined)
    return (await search(differences?.step ?? CONCENTRATED_STEP, TOLERATED)).result;
  // Truncation that is no less than the tolerance keeps the residuals above it: then a finer step is worth another search.
  const first = await search(CONCENTRATED_STEP, Math.min(Math.max(tolerance, NOISE), TOLERATED));
  if (!first.disagrees) return first.result;
  tf.dispose(first.result.vectors);
  // A quarter of the step has a sixteenth of it.
  const second = await search(CONCENTRATED_STEP / 4, TOLERATED);
  return { ...second.result, iterations: first.result.iterations + second.result.iterations };
}

/** The error of differences from rounding alone, as a fraction of the largest |λ|. */
const NOISE = 2e-3;
/** The error that the finer of two steps may have, as a fraction of the largest |λ|, for its values to be believed. */
const TOLERATED = 0.02;

interface Search {
  /** The error that it may have for the search to go on with it. */
  readonly patience: number;
  readonly count: number;
  readonly tolerance: number;
  readonly iterations: number;
  readonly size: number;
  readonly draw: Sampler;
}

/** A result, and whether two difference steps disagree about it. */
interface Found {
  readonly result: LanczosResult;
  readonly disagrees: boolean;
}

/** The number of weights that vectors of these shapes have. */
const dimensionOf = (shapes: readonly number[][]): number =>
  shapes.reduce((sum, shape) => sum + tf.util.sizeFromShape(shape), 0);

/** The extreme eigenpairs of a map at one difference step. */
async function ritzSearch(
  resolved: { readonly apply: LinearMap; readonly shapes: readonly number[][] },
  { count, tolerance, iterations, size, draw, patience }: Search,
  step: number,
): Promise<Found> {
  const { differences } = resolved.apply;
  const space = new RitzSpace(
    {
      whole: resolved.apply,
      apply: differences ? differences.at(step) : resolved.apply,
      coarser: differences?.at(2 * step),
      draw: (index) => tf.tidy(() => unit(draw(resolved.shapes, 0, index))),
    },
    dimensionOf(resolved.shapes),
  );
  try {
    // One Krylov space holds one copy of a multiple eigenvalue: for several, a second one looks for what is missing.
    let least = count > 1 ? Number.POSITIVE_INFINITY : 0;
    for (let taken = 1; ; taken++) {
      const isExhausted = !(await space.extend());
      if (!space.isFinite) return { result: space.broken(count, taken), disagrees: false };
      const found = space.ritz();
      const limit = tolerance * Math.abs(found.values[0]!);
      const isMet = space.size >= count && found.residuals.slice(0, count).every((r) => r <= limit);
      const isDone = taken === iterations || ((isMet || isExhausted) && taken >= least);
      if (isDone) {
        const done = await space.finish(found, { count, tolerance, patience }, taken);
        const { converged, vectors } = done.result;
        if (converged || done.disagrees || isExhausted || taken === iterations) return done;
        // Noise that a restart kept makes |β yₖ| less than the residual: what it leaves out is taken in.
        await space.follow(vectors, found.values, done.result.residuals);
        tf.dispose(vectors);
        least = taken + 5;
        continue;
      }
      if (isExhausted || (isMet && least === Number.POSITIVE_INFINITY)) {
        least = Math.min(least, taken + Math.max(10, Math.ceil(taken / 2)));
        if (space.size > size - 10) space.restart(found, Math.max(count, size - 10));
        if (!(await space.renew(taken)))
          return await space.finish(found, { count, tolerance, patience }, taken);
      } else if (space.size >= size) space.restart(found, count + Math.ceil((size - count) / 3));
    }
  } finally {
    space.dispose();
  }
}

/** A random unit vector with less than this outside of a space lies in it up to rounding. */
const NOTHING = 1e-4;

interface Ritz extends SymmetricEigen {
  /** |β yₖ|, the residuals that an exactly symmetric map would have. */
  readonly residuals: number[];
}

/** The vectors and values of a space. */
interface SpaceMap {
  /** The map that it is of. */
  readonly whole: LinearMap;
  readonly apply: (v: ParamVector) => ParamVector;
  /** The same by differences of twice the step, where there are any. */
  readonly coarser: ((v: ParamVector) => ParamVector) | undefined;
  /** A random unit vector. */
  draw(index: number): ParamVector;
}

/** An orthonormal basis, the map as seen in it, and the vector that continues it. */
class RitzSpace {
  readonly #map: SpaceMap;
  #basis: ParamVector[] = [];
  #next: ParamVector | undefined;
  /** QᵀA Q, symmetric, of the basis. */
  #projected: number[][] = [];
  #beta = 0;
  readonly #dimension: number;
  /** True while every product was. */
  isFinite = true;

  constructor(map: SpaceMap, dimension: number) {
    this.#map = map;
    this.#dimension = dimension;
    this.#next = map.draw(0);
  }

  get size(): number {
    return this.#basis.length;
  }

  /** Takes the next vector in, and applies the map to it. @returns False when there is nothing after it. */
  async extend(): Promise<boolean> {
    this.#basis.push(this.#next!);
    this.#next = undefined;
    const { numbers, next } = tf.tidy(() => {
      const image = this.#map.apply(this.#basis.at(-1)!);
      const { coefficients, rest } = orthogonalise(this.#basis, image);
      const [whole, left] = [norm(image), norm(rest)];
      return {
        numbers: tf.concat([coefficients, tf.stack([left, whole])]),
        next: scale(tf.divNoNan(1, left), rest),
      };
    });
    const read = Array.from(await numbers.data());
    numbers.dispose();
    this.isFinite = read.every(Number.isFinite);
    const [left, whole] = read.slice(-2) as [number, number];
    const column = read.slice(0, -2);
    for (const [i, row] of this.#projected.entries()) row.push(column[i]!);
    this.#projected.push(column);
    this.#next = next;
    this.#beta = left > BREAKDOWN * whole && this.size < this.#dimension ? left : 0;
    return this.#beta > 0;
  }

  /** Goes on from the largest residual A v − λ v of some pairs, where it lies outside of the basis. */
  async follow(
    vectors: readonly ParamVector[],
    values: readonly number[],
    residuals: readonly number[],
  ): Promise<void> {
    const worst = residuals.indexOf(Math.max(...residuals));
    const { next, size } = tf.tidy(() => {
      const v = vectors[worst]!;
      const outside = unitOutside(this.#basis, axpy(-values[worst]!, v, this.#map.apply(v)));
      return { next: outside, size: norm(outside) };
    });
    const [length] = await size.data();
    size.dispose();
    const dropped = length! > 0 ? this.#next : next;
    if (length! > 0) this.#next = next;
    tf.dispose(dropped);
  }

  /** Goes on from a random vector. @returns False where the basis spans all. */
  async renew(index: number): Promise<boolean> {
    tf.dispose(this.#next);
    this.#next = undefined;
    const { left, next } = tf.tidy(() => {
      const { rest } = orthogonalise(this.#basis, this.#map.draw(index));
      return { left: norm(rest), next: unit(rest) };
    });
    this.#next = next;
    const [size] = await left.data();
    left.dispose();
    return size! > NOTHING;
  }

  ritz(): Ritz {
    const { values, vectors } = symmetricEigen(this.#projected);
    return { values, vectors, residuals: vectors.map((y) => Math.abs(this.#beta * y.at(-1)!)) };
  }

  /** The outcome after a product that is not finite. */
  broken(count: number, iterations: number): LanczosResult {
    return {
      values: new Array<number>(count).fill(Number.NaN),
      vectors: Array.from({ length: count }, (_, index) => this.#map.draw(index)),
      residuals: new Array<number>(count).fill(Number.NaN),
      iterations,
      converged: false,
      ...judge([NOT_FINITE, unheldKinks(this.#map.whole)]),
    };
  }

  /** Keeps the first Ritz vectors and the vector that continues them. */
  restart({ values, vectors }: Ritz, keep: number): void {
    const kept = vectors.slice(0, keep).map((y) => this.#combined(y));
    tf.dispose(this.#basis);
    this.#basis = kept;
    this.#projected = kept.map((_, i) => kept.map((_vector, j) => (i === j ? values[i]! : 0)));
  }

  async finish(
    found: Ritz,
    { count, tolerance, patience }: Pick<Search, 'count' | 'tolerance' | 'patience'>,
    iterations: number,
  ): Promise<Found> {
    const wanted = Math.min(count, this.size);
    const vectors = found.vectors.slice(0, wanted).map((y) => this.#combined(y));
    const { apply, coarser } = this.#map;
    const measured = tf.tidy(() =>
      tf.stack(
        vectors.flatMap((v, k) => {
          const image = apply(v);
          const residual = norm(axpy(-found.values[k]!, v, image));
          return [residual, dot(v, image), coarser ? dot(v, coarser(v)) : dot(v, image)];
        }),
      ),
    );
    const numbers = Array.from(await measured.data());
    measured.dispose();
    const largest = Math.abs(found.values[0]!);
    const residuals = vectors.map((_, k) => numbers[3 * k]!);
    const differences = vectors.map((_, k) => (numbers[3 * k + 1]! - numbers[3 * k + 2]!) / 3);
    const converged = wanted === count && residuals.every((residual) => residual <= tolerance * largest);
    const off = Math.max(...differences.map(Math.abs));
    const disagrees = off > patience * largest;
    const result = {
      // The two steps differ by three times the error of the finer.
      values: found.values.map((value, k) => value + (differences[k] ?? 0)),
      vectors,
      residuals,
      iterations,
      converged,
      ...judge([
        !residuals.every(Number.isFinite) && NOT_FINITE,
        off > TOLERATED * largest && DISAGREEMENT,
        unheldKinks(this.#map.whole),
        !converged &&
          `a residual ‖Av − λv‖ of ${Math.max(...residuals).toPrecision(2)} is above the tolerance: allow more iterations, or use gaussNewton`,
      ]),
    };
    return { result, disagrees };
  }

  dispose(): void {
    tf.dispose([this.#basis, this.#next]);
  }

  #combined(weights: readonly number[]): ParamVector {
    return tf.tidy(() => combine(tf.tensor1d([...weights]), this.#basis));
  }
}
