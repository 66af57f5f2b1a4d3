import * as tf from '@tensorflow/tfjs-core';
import { type Sampler, seededSampler } from '../../algebra/random.js';
import { norm, type ParamVector, scale, zerosLike } from '../../algebra/vector.js';
import { dots, unit } from '../../curvature/combine.js';
import { requireInRange, requireInteger, requirePositive } from '../../declare/errors.js';
import type { Objective } from '../../oracle/objective.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { InnerProduct } from '../metric.js';
import { requireSampler } from './checks.js';
import { type OuterProducts, outerProductInner } from './outer-products.js';

/** Averages of the Monge metric's outer product. Both together average over neighbours first. */
export interface MongeAveraging {
  /** Average over iterations: a moving average, kept as the last gradients themselves. */
  readonly iterations?: MongeIterations | undefined;
  /** Average over θ and sampled neighbours of it. */
  readonly neighbours?: MongeNeighbours | undefined;
}

/** The moving average of the gradients' outer products. */
export interface MongeIterations {
  /**
   * Gradients kept, an integer >= 1 (with `neighbours`, > `samples`): what is older, a part decay^rank of the
   * average, is cut off. Default 8 (ours). Memory: that many times the weights.
   */
  readonly rank?: number | undefined;
  /** In [0, 1): how much less the gradient before counts. Default 0.8 (ours). 0 is the instantaneous metric. */
  readonly decay?: number | undefined;
}

/** Where the neighbours lie. */
export interface MongeNeighbours {
  /** Neighbours per step, an integer >= 1; each costs a gradient. Default 2 (ours). */
  readonly samples?: number | undefined;
  /** Distance from θ, > 0, in weight units; the direction is uniform on the sphere. Default 0.05 (ours). */
  readonly radius?: number | undefined;
  /** Seed of the directions, an integer. Default 0. */
  readonly seed?: number | undefined;
  /** Draws the directions in place of the seed; their lengths do not matter. */
  readonly sampler?: Sampler | undefined;
  /** Whose gradient is taken there. Default 'descent'; 'ascent' where the perturbation climbs that. */
  readonly objective?: Objective | undefined;
}

const defaults = { rank: 8, decay: 0.8, samples: 2, radius: 0.05, seed: 0 } as const;

/** Checks the options once. */
export function checkAveraging({ iterations, neighbours }: MongeAveraging): void {
  const samples = neighbours ? (neighbours.samples ?? defaults.samples) : 0;
  if (iterations) {
    requireInteger('mongeMetric', 'iterations.rank', iterations.rank ?? defaults.rank, samples + 1);
    requireInRange('mongeMetric', 'iterations.decay', iterations.decay ?? defaults.decay, 0, 1);
  }
  if (neighbours) {
    requireInteger('mongeMetric', 'neighbours.samples', samples, 1);
    requirePositive('mongeMetric', 'neighbours.radius', neighbours.radius ?? defaults.radius);
    requireSampler('mongeMetric', 'neighbours.sampler', neighbours.sampler);
  }
}

/** The options as JSON, defaults filled in. */
export function configOfAveraging({ iterations, neighbours }: MongeAveraging): Record<string, unknown> {
  const { rank, decay, samples, radius, seed } = defaults;
  const { sampler, ...rest } = neighbours ?? {};
  return {
    ...(iterations && { iterations: { rank, decay, ...iterations } }),
    ...(neighbours && {
      neighbours: { samples, radius, seed, ...rest, ...(sampler && { sampler: { name: 'custom' } }) },
    }),
  };
}

/** The metric at this step; with `iterations`, the step's gradients join the rule's state. */
export function averagedMonge(
  gradient: ParamVector,
  oracle: GradientOracle,
  { iterations, neighbours }: MongeAveraging,
): InnerProduct {
  const fresh = stack([column(gradient), ...(neighbours ? sampleNeighbours(oracle, neighbours) : [])]);
  if (iterations === undefined) return outerProductInner(normalised(fresh), gradient);
  const { rank = defaults.rank, decay = defaults.decay } = iterations;
  const all = join(fresh, recall(oracle, rank), decay);
  remember(oracle, all);
  return outerProductInner(normalised(all), gradient);
}

/** A gradient as direction and length. */
interface Column {
  readonly direction: ParamVector;
  readonly length: tf.Scalar;
}

/** A gradient's column; zero where it is not finite, so that it cannot poison the average. */
function column(gradient: ParamVector): Column {
  const length = norm(gradient);
  return { direction: unit(gradient), length: tf.where(tf.isFinite(length), length, 0) as tf.Scalar };
}

function sampleNeighbours(oracle: GradientOracle, options: MongeNeighbours): Column[] {
  const { samples = defaults.samples, radius = defaults.radius, seed = defaults.seed, objective } = options;
  const { sampler = seededSampler('gaussian', seed) } = options;
  const shapes = oracle.variables.map(({ shape }) => shape);
  return Array.from({ length: samples }, (_, index) => {
    const perturbation = scale(radius, unit(sampler(shapes, oracle.step, index)));
    return column(oracle.evaluate({ perturbation, objective, probe: true }).gradient);
  });
}

/** The columns of one step, which share one weight. */
function stack(columns: readonly Column[]): OuterProducts {
  const directions = columns.map(({ direction }) => direction);
  return {
    directions,
    lengths: tf.stack(columns.map(({ length }) => length)) as tf.Tensor1D,
    cosines: tf.stack(directions.map((direction) => dots(directions, direction))) as tf.Tensor2D,
    weights: tf.ones([columns.length]),
  };
}

/** Puts the fresh columns before the former ones, whose weights decay; the oldest drop out. */
function join(fresh: OuterProducts, former: OuterProducts, decay: number): OuterProducts {
  const count = fresh.directions.length;
  const left = former.directions.length - count;
  if (left === 0) return fresh;
  const directions = former.directions.slice(0, left);
  const mixed = tf.stack(fresh.directions.map((direction) => dots(directions, direction))) as tf.Tensor2D;
  const kept = tf.slice(former.cosines, [0, 0], [left, left]);
  const rows = [tf.concat([fresh.cosines, mixed], 1), tf.concat([tf.transpose(mixed), kept], 1)];
  return {
    directions: [...fresh.directions, ...directions],
    lengths: tf.concat([fresh.lengths, tf.slice(former.lengths, [0], [left])]),
    cosines: tf.concat(rows, 0) as tf.Tensor2D,
    weights: tf.concat([fresh.weights, tf.mul(decay, tf.slice(former.weights, [0], [left])) as tf.Tensor1D]),
  };
}

/** Weights that sum to one. */
function normalised(products: OuterProducts): OuterProducts {
  return { ...products, weights: tf.div(products.weights, tf.sum(products.weights)) };
}

const directionKey = (j: number) => `monge.direction${j}`;

/** The columns of the steps before, of weight zero where there were none. */
function recall({ state, variables }: GradientOracle, rank: number): OuterProducts {
  const tensor = (name: string, shape: number[]) => state.getTensor(`monge.${name}`) ?? tf.zeros(shape);
  return {
    directions: Array.from({ length: rank }, (_, j) => state.get(directionKey(j)) ?? zerosLike(variables)),
    lengths: tensor('lengths', [rank]) as tf.Tensor1D,
    cosines: tensor('cosines', [rank, rank]) as tf.Tensor2D,
    weights: tensor('weights', [rank]) as tf.Tensor1D,
  };
}

function remember({ state }: GradientOracle, { directions, lengths, cosines, weights }: OuterProducts): void {
  for (const [j, direction] of directions.entries()) state.set(directionKey(j), direction);
  state.setTensor('monge.lengths', lengths);
  state.setTensor('monge.cosines', cosines);
  state.setTensor('monge.weights', weights);
}
