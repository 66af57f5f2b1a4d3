import * as tf from '@tensorflow/tfjs-core';
import { type Sampler, seededSampler } from '../../algebra/random.js';
import { norm, type ParamVector, scaleEach, scaleFinite } from '../../algebra/vector.js';
import { combine, dots, unit } from '../../curvature/combine.js';
import { CONCENTRATED_STEP, hessian } from '../../curvature/hvp.js';
import { krylov } from '../../curvature/krylov.js';
import { eigenSmall } from '../../curvature/small-matrix.js';
import { requireInteger } from '../../declare/errors.js';
import { type ConfigOf, integer, type OptionsOf } from '../../declare/option.js';
import { definePart, type PartFunction } from '../../declare/part.js';
import type { Objective } from '../../oracle/objective.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { InnerProduct, PerturbationMetric } from '../metric.js';
import { drawOptions } from '../options.js';
import { curvatureObjective } from './hessian-diagonal.js';
import { outerProductInner } from './outer-products.js';

/** Options of the low-rank metric and of those that take them over. */
export const lowRankOptions = {
  rank: integer({
    min: 1,
    default: 4,
    doc: 'k, the number of eigenpairs. Memory: that many times the weights',
  }),
  iterations: integer({
    min: 1,
    optional: 'twice the rank',
    doc: 'Lanczos steps of a refresh, at least the rank; each costs two gradients',
  }),
};

const options = {
  ...lowRankOptions,
  refreshEvery: integer({ min: 1, default: 10, unit: 'steps', doc: 'Steps from one refresh to the next' }),
  ...drawOptions({ of: 'start vectors', note: 'their lengths do not matter' }),
  ...curvatureObjective,
};

/** Options of the low-rank Hessian metric. */
export interface HessianLowRankOptions extends OptionsOf<typeof options> {}

declare module '../../kinds.js' {
  interface MetricConfigs {
    'hessian-low-rank': ConfigOf<typeof options>;
  }
}

/**
 * The low-rank Hessian metric, G = I + Σₖ |λₖ| vₖvₖᵀ over the eigenpairs of largest |λ|: the sharpest directions move less,
 * all others as in SAM.
 *
 *   G⁻¹g = g − Σₖ |λₖ|/(1 + |λₖ|) ⟨vₖ, g⟩ vₖ
 *
 * The eigenpairs are Ritz pairs of a Krylov space that goes on from the former eigenvectors (a thick restart): they get
 * better from one refresh to the next. The small eigenproblem is solved by Jacobi rotations on the device. Cost:
 * 2 · `iterations` gradients and a value every `refreshEvery` steps.
 *
 * @throws RangeError when an option is out of its range; TypeError when `sampler` is not a function.
 * @see Ghorbani et al. 2019, appendix (Lanczos; thick restarts: Wu and Simon 2000; the metric is ours). https://arxiv.org/abs/1901.10159
 */
export const hessianLowRankMetric: PartFunction<HessianLowRankOptions, PerturbationMetric, 'metric'> =
  definePart({
    kind: 'metric',
    name: 'hessian-low-rank',
    owner: 'hessianLowRankMetric',
    doc: 'G = I + Σ |λ| v vᵀ: the sharpest directions move less',
    use: 'Where a few directions carry most of the curvature',
    source: 'Lanczos as in Ghorbani et al. 2019, arXiv 1901.10159',
    options,
    create: ({ rank, refreshEvery, seed, sampler, objective, iterations = 2 * rank }) => {
      requireInteger('hessianLowRankMetric', 'iterations', iterations, rank);
      const draw = sampler ?? seededSampler('gaussian', seed);
      return {
        name: 'hessian-low-rank',
        at: (_gradient, oracle) => {
          const known = recall(oracle, rank);
          if (known && oracle.step % refreshEvery !== 0) return lowRankInner(known);
          const pairs = refresh(oracle, known?.vectors ?? [], draw, { rank, iterations, objective });
          remember(oracle, pairs);
          return lowRankInner(pairs);
        },
      };
    },
  });

interface EigenPairs {
  readonly vectors: readonly ParamVector[];
  /** |λ|, [k], largest first. */
  readonly sizes: tf.Tensor1D;
}

function lowRankInner(pairs: EigenPairs): InnerProduct {
  const { vectors, sizes } = pairs;
  // |λ|/(1 + |λ|), without overflow.
  const kept = tf.sub(1, tf.div(1, tf.add(1, sizes)));
  return {
    apply: (v) => tf.tidy(() => combine(tf.mul(sizes, dots(vectors, v)) as tf.Tensor1D, vectors, v)),
    solve: (g) => tf.tidy(() => combine(tf.neg(tf.mul(kept, dots(vectors, g))) as tf.Tensor1D, vectors, g)),
    stretched: (factors) => stretchedInner(pairs, factors),
  };
}

/** I + Σₖ |λₖ| (F vₖ)(F vₖ)ᵀ, whose F vₖ are no longer orthogonal. */
function stretchedInner({ vectors, sizes }: EigenPairs, factors: readonly number[]): InnerProduct {
  const moved = vectors.map((vector) => scaleEach(factors, vector));
  const directions = moved.map((vector) => unit(vector));
  const lengths = tf.mul(tf.sqrt(sizes), tf.stack(moved.map((vector) => norm(vector)))) as tf.Tensor1D;
  const cosines = tf.stack(directions.map((direction) => dots(directions, direction))) as tf.Tensor2D;
  return outerProductInner({ directions, lengths, cosines, weights: tf.ones([vectors.length]) });
}

/** A quarter of the step for top eigenvectors: nothing here can see that truncation is large, as on a transformer. */
const STEP = CONCENTRATED_STEP / 4;

function refresh(
  oracle: GradientOracle,
  former: readonly ParamVector[],
  draw: Sampler,
  options: { readonly rank: number; readonly iterations: number; readonly objective: Objective | undefined },
): EigenPairs {
  const { rank, iterations, objective } = options;
  return tf.tidy(() => {
    const shapes = oracle.variables.map(({ shape }) => shape);
    const fresh = draw(shapes, oracle.step, 0);
    const { basis, projected } = krylov(
      hessian(oracle, { objective, step: STEP }),
      { basis: former, fresh },
      iterations,
    );
    const { values, vectors } = eigenSmall(projected);
    const largest = selectLargest(tf.abs(values), rank);
    const sizes = tf.reshape(tf.matMul(largest, tf.expandDims(tf.abs(values), 1)), [rank]);
    const chosen = tf.unstack(tf.matMul(largest, vectors, false, true)) as tf.Tensor1D[];
    return {
      // A NaN of one step must not stay for good: the pair then counts for nothing.
      vectors: chosen.map((weights) => scaleFinite(1, combine(weights, basis))),
      sizes: tf.where(tf.isFinite(sizes), sizes, tf.zerosLike(sizes)) as tf.Tensor1D,
    };
  });
}

/** The rows of the identity that pick the `count` largest of `sizes`, in order: [count, m]. tf.topk may read back. */
function selectLargest(sizes: tf.Tensor1D, count: number): tf.Tensor2D {
  const [m] = sizes.shape;
  const [rows, columns] = [tf.expandDims(sizes, 1), tf.expandDims(sizes, 0)];
  const order = tf.range(0, m);
  const earlier = tf.less(tf.expandDims(order, 0), tf.expandDims(order, 1));
  // The number of entries before each: the larger ones, and of equals the earlier.
  const before = tf.logicalOr(tf.greater(columns, rows), tf.logicalAnd(tf.equal(columns, rows), earlier));
  const place = tf.sum(tf.cast(before, 'float32'), 1);
  const wanted = tf.expandDims(tf.range(0, count), 1);
  return tf.cast(tf.equal(wanted, tf.expandDims(place, 0)), 'float32') as tf.Tensor2D;
}

const vectorKey = (k: number) => `hessianLowRank.vector${k}`;
const SIZES = 'hessianLowRank.sizes';

function recall({ state }: GradientOracle, rank: number): EigenPairs | undefined {
  const vectors = Array.from({ length: rank }, (_, k) => state.get(vectorKey(k)));
  const sizes = state.getTensor(SIZES) as tf.Tensor1D | undefined;
  if (sizes === undefined || !vectors.every((vector) => vector !== undefined)) return undefined;
  return { vectors, sizes };
}

function remember({ state }: GradientOracle, { vectors, sizes }: EigenPairs): void {
  for (const [k, vector] of vectors.entries()) state.set(vectorKey(k), vector, 'first');
  state.setTensor(SIZES, sizes, 'first');
}
