import { z } from 'zod';
import { elementwiseMetric } from '../../rules/metrics/elementwise.js';
import { euclideanMetric } from '../../rules/metrics/euclidean.js';
import { fisherMetric } from '../../rules/metrics/fisher.js';
import { hessianDiagonalMetric } from '../../rules/metrics/hessian-diagonal.js';
import { hessianLowRankMetric } from '../../rules/metrics/hessian-low-rank.js';
import { mongeMetric } from '../../rules/metrics/monge.js';
import { pNormAscent } from '../../rules/metrics/p-norm.js';
import { mongeOptions } from '../options.js';
import { definePlugin } from '../plugin.js';

const seed = z.int().default(0).describe('Seed of the random draws');
const decay = z.number().min(0).lt(1);
const objective = z
  .enum(['ascent', 'descent'])
  .optional()
  .describe("Whose curvature is meant. Default: the descent objective's");
const refreshEvery = z.int().min(1).default(10).describe('Steps from one refresh to the next');

const options = {
  euclidean: z.strictObject({}),
  elementwise: z.strictObject({
    eta: z
      .number()
      .min(0)
      .default(0.01)
      .describe('Added to |θ|, in weight units. 0 is the widely used |θ| form'),
  }),
  monge: z.strictObject(mongeOptions),
  fisher: z.strictObject({
    eta: z.number().min(0).default(1).describe('Weight of the Fisher information against the identity'),
    decay: decay.optional().describe('Decay of a moving average over steps. Default: the step alone'),
  }),
  'hessian-diagonal': z.strictObject({
    damping: z.number().gt(0).default(1).describe("Added to the diagonal, in units of the Hessian's entries"),
    decay: decay.default(0.9).describe('Decay of the moving average over refreshes'),
    refreshEvery,
    probes: z.int().min(1).default(1).describe('Random probes per refresh; each costs two gradients'),
    seed,
    objective,
  }),
  'hessian-low-rank': z.strictObject({
    rank: z.int().min(1).default(4).describe('Eigenpairs'),
    refreshEvery,
    iterations: z
      .int()
      .min(1)
      .optional()
      .describe('Lanczos steps of a refresh, at least the rank. Default: twice the rank'),
    seed,
    objective,
  }),
  'p-norm': z.strictObject({
    p: z
      .union([z.number().min(1), z.literal('infinity')])
      .default(2)
      .describe('Of the ball ‖δ‖ₚ <= ρ; "infinity" is the box'),
  }),
};

/** What a configuration may say of core's metrics. */
export interface CoreMetricConfigs {
  euclidean: z.input<typeof options.euclidean>;
  elementwise: z.input<typeof options.elementwise>;
  monge: z.input<typeof options.monge>;
  fisher: z.input<typeof options.fisher>;
  'hessian-diagonal': z.input<(typeof options)['hessian-diagonal']>;
  'hessian-low-rank': z.input<(typeof options)['hessian-low-rank']>;
  'p-norm': z.input<(typeof options)['p-norm']>;
}

const fields = <Name extends keyof typeof options>(name: Name, description: string) =>
  ({ kind: 'metric', name, package: '@tfjs-sam/core', description, options: options[name] }) as const;

/**
 * Core's metrics as plugins. The Gauss–Newton metric is not among them: it needs a function, which JSON cannot hold.
 */
export const metrics = [
  definePlugin({
    ...fields('euclidean', 'G = I: the ball of plain SAM (Foret et al. 2021, arXiv 2010.01412)'),
    create: () => euclideanMetric(),
  }),
  definePlugin({
    ...fields(
      'elementwise',
      'G = diag(|θ| + η)⁻²: a ball that stretches with the weights (Kwon et al. 2021, arXiv 2102.11600)',
    ),
    create: elementwiseMetric,
  }),
  definePlugin({
    ...fields(
      'monge',
      'G = I + g gᵀ: the metric of the loss surface (Jacobsen and Arvanitidis 2025, arXiv 2502.08448)',
    ),
    create: mongeMetric,
  }),
  definePlugin({
    ...fields(
      'fisher',
      'G = I + η diag(F): distance as the predictions see it (Kim et al. 2022, arXiv 2206.04920)',
    ),
    create: fisherMetric,
  }),
  definePlugin({
    ...fields(
      'hessian-diagonal',
      "G = diag(|D|) + λI: sharp coordinates move less (Hutchinson's estimate, arXiv 2006.00719)",
    ),
    create: hessianDiagonalMetric,
  }),
  definePlugin({
    ...fields(
      'hessian-low-rank',
      'G = I + Σ |λ| v vᵀ: the sharpest directions move less (Lanczos, arXiv 1901.10159)',
    ),
    create: hessianLowRankMetric,
  }),
  definePlugin({
    ...fields('p-norm', 'The ball of a p-norm, which no G measures (Foret et al. 2021, arXiv 2010.01412)'),
    create: pNormAscent,
  }),
];
