import * as tf from '@tensorflow/tfjs-core';
import {
  DISAGREEMENT,
  judge,
  krylov,
  type LinearMap,
  NOT_FINITE,
  type ParamVector,
  type Reliability,
  requireInteger,
  requirePositive,
  seededSampler,
  settled,
  symmetricEigen,
  TOO_FAR_APART,
  unheldKinks,
} from '@tfjs-sam/core';
import { meanOf } from './spectrum.js';

/** A spectral density: eigenvalues with their shares of the spectrum, which sum to one. */
export interface Density extends Reliability {
  readonly nodes: number[];
  readonly weights: number[];
  /** The density at x, smoothed by a Gaussian of width sigma > 0. */
  at(x: number, sigma: number): number;
  /** The standard error of `at(x, sigma)`, from its spread over the starts; NaN of one start. */
  standardErrorAt(x: number, sigma: number): number;
}

/** Options of `spectralDensity`. */
export interface DensityOptions {
  /** Lanczos steps of a start, an integer >= 1, at most the weights. Default 30. */
  readonly steps?: number | undefined;
  /** Random starts, an integer >= 1. Default 5. */
  readonly probes?: number | undefined;
  /** Seed of the starts, an integer. Default 0. */
  readonly seed?: number | undefined;
}

/** The spectrum as one start sees it. */
interface Seen {
  readonly nodes: readonly number[];
  /** They sum to one. */
  readonly weights: readonly number[];
}

/**
 * Spectral density by stochastic Lanczos quadrature: nodes are Ritz values, weights squared first components, averaged over
 * random starts.
 *
 * Cost: `steps` · `probes` products, and two that compare difference steps (up to eight, see `hutchinsonTrace`). Not reliable where
 * these disagree by a tenth of the image, nor with one start, which has no standard error.
 *
 * @throws RangeError when an option is out of its range; TypeError for a map that does not know its shapes.
 * @see Ghorbani et al. 2019. https://arxiv.org/abs/1901.10159
 * @example
 * const { at, standardErrorAt, reliable } = await spectralDensity(matrixOf(oracle, parts).map, { probes: 10 });
 */
export async function spectralDensity(
  map: LinearMap,
  { steps = 30, probes = 5, seed = 0 }: DensityOptions = {},
): Promise<Density> {
  requireInteger('spectralDensity', 'steps', steps, 1);
  requireInteger('spectralDensity', 'probes', probes, 1);
  const { shapes } = map;
  if (!shapes) throw new TypeError('spectralDensity: expected a map that knows its shapes, got one without');
  const draw = seededSampler('rademacher', seed);
  const size = shapes.reduce((sum, shape) => sum + tf.util.sizeFromShape(shape), 0);
  const { map: finer, gap } = await settled(map, () => draw(shapes, 0, 0));
  const seen: Seen[] = [];
  for (let index = 0; index < probes; index++) {
    const found = await startFrom(finer, draw(shapes, 0, index), Math.min(steps, size));
    if (!found) break;
    seen.push(found);
  }
  const smoothed = (x: number, sigma: number) => {
    requirePositive('spectralDensity', 'sigma', sigma);
    const each = seen.map(({ nodes, weights }) =>
      nodes.reduce((sum, node, i) => {
        const gauss = Math.exp(-(((x - node) / sigma) ** 2) / 2) / (sigma * Math.sqrt(2 * Math.PI));
        return sum + weights[i]! * gauss;
      }, 0),
    );
    return meanOf(each);
  };
  return {
    nodes: seen.flatMap(({ nodes }) => nodes),
    weights: seen.flatMap(({ weights }) => weights.map((weight) => weight / probes)),
    at: (x, sigma) => smoothed(x, sigma).value,
    standardErrorAt: (x, sigma) => smoothed(x, sigma).standardError,
    ...judge([
      seen.length < probes && NOT_FINITE,
      gap > TOO_FAR_APART && DISAGREEMENT,
      unheldKinks(map),
      probes < 2 && 'one start has no standard error: draw more probes',
    ]),
  };
}

/** The quadrature of one start, which is freed; undefined where a product is not finite. */
async function startFrom(map: LinearMap, start: ParamVector, steps: number): Promise<Seen | undefined> {
  const projected = tf.tidy(() => krylov(map, start, steps).projected);
  tf.dispose(start);
  const rows = (await projected.array()) as number[][];
  projected.dispose();
  if (!rows.flat().every(Number.isFinite)) return undefined;
  const { values, vectors } = symmetricEigen(rows);
  // An exhausted space is padded with zeros, which have no part in the start.
  const kept = values.flatMap((value, k) =>
    vectors[k]![0]! === 0 ? [] : [[value, vectors[k]![0]! ** 2] as const],
  );
  return { nodes: kept.map(([node]) => node), weights: kept.map(([, weight]) => weight) };
}
