import * as tf from '@tensorflow/tfjs-core';
import { seededSampler } from '../../algebra/random.js';
import { norm, type ParamVector, scale, zerosLike } from '../../algebra/vector.js';
import { dots, unit } from '../../curvature/combine.js';
import { requireInteger } from '../../declare/errors.js';
import { type Checked, integer, number, type OptionsOf, oneOf, record } from '../../declare/option.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { InnerProduct } from '../metric.js';
import { averageDecay, drawOptions } from '../options.js';
import { type OuterProducts, outerProductInner } from './outer-products.js';

const iterations = {
  rank: integer({
    min: 1,
    default: 8,
    doc: 'Gradients kept, with `neighbours` more than their `samples`: what is older, a part decay^rank of the average, is cut off. Memory: that many times the weights',
  }),
  decay: averageDecay({ default: 0.8, of: 'weight of each earlier gradient; 0 is the instantaneous metric' }),
};

const neighbours = {
  samples: integer({ min: 1, default: 2, doc: 'Neighbours per step; each costs a gradient' }),
  radius: number({
    above: 0,
    default: 0.05,
    unit: 'weight units',
    doc: 'Distance from θ; the direction is uniform on the sphere',
  }),
  ...drawOptions({ of: 'directions', note: 'their lengths do not matter' }),
  objective: oneOf(['ascent', 'descent'], {
    optional: 'the descent objective',
    doc: "Whose gradient is taken there: 'ascent' where the perturbation climbs that",
  }),
};

/** The averages of the Monge metric: both together average over neighbours first. */
export const mongeOptions = {
  iterations: record(iterations, {
    optional: 'no average',
    doc: 'A moving average of the outer product over iterations, kept as the last gradients themselves',
  }),
  neighbours: record(neighbours, {
    optional: 'no average',
    doc: 'An average of the outer product over θ and sampled neighbours of it',
  }),
};

/** The moving average of the gradients' outer products. */
export interface MongeIterations extends OptionsOf<typeof iterations> {}

/** Where the neighbours lie. */
export interface MongeNeighbours extends OptionsOf<typeof neighbours> {}

/** Averages of the Monge metric's outer product. Both together average over neighbours first. */
export interface MongeAveraging extends OptionsOf<typeof mongeOptions> {}

type CheckedAveraging = Checked<typeof mongeOptions>;

/** Checks what the two averages ask of each other. */
export function checkAveraging({ iterations: kept, neighbours: around }: CheckedAveraging): void {
  if (kept) requireInteger('mongeMetric', 'iterations.rank', kept.rank, (around?.samples ?? 0) + 1);
}

/** The metric at this step; with `iterations`, the step's gradients join the rule's state. */
export function averagedMonge(
  gradient: ParamVector,
  oracle: GradientOracle,
  { iterations, neighbours }: CheckedAveraging,
): InnerProduct {
  const fresh = stack([column(gradient), ...(neighbours ? sampleNeighbours(oracle, neighbours) : [])]);
  if (iterations === undefined) return outerProductInner(normalised(fresh), gradient);
  const { rank, decay } = iterations;
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

function sampleNeighbours(oracle: GradientOracle, options: Checked<typeof neighbours>): Column[] {
  const { samples, radius, seed, objective, sampler = seededSampler('gaussian', seed) } = options;
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
  for (const [j, direction] of directions.entries()) state.set(directionKey(j), direction, 'first');
  state.setTensor('monge.lengths', lengths, 'first');
  state.setTensor('monge.cosines', cosines, 'first');
  state.setTensor('monge.weights', weights, 'first');
}
