import { elementwise } from '../../algebra/elementwise.js';
import { type ParamVector, scaleFinite } from '../../algebra/vector.js';
import { hutchinsonDiagonal } from '../../curvature/hutchinson.js';
import { hessian } from '../../curvature/hvp.js';
import { type ConfigOf, integer, number, type OptionsOf, oneOf } from '../../declare/option.js';
import { definePart, type PartFunction } from '../../declare/part.js';
import type { GradientOracle } from '../../oracle/oracle.js';
import type { PerturbationMetric } from '../metric.js';
import { averageDecay, drawOptions } from '../options.js';
import { biasCorrectedRate, blend } from './diagonal.js';

/** Options of the metrics that are estimated by random probes and averaged over refreshes. */
export const probedOptions = {
  damping: number({
    above: 0,
    default: 1,
    unit: "units of the Hessian's entries",
    doc: 'λ, added to the diagonal; the default leaves flat directions as in SAM',
  }),
  decay: averageDecay({ default: 0.9, of: 'moving average over refreshes' }),
  refreshEvery: integer({ min: 1, default: 10, unit: 'steps', doc: 'Steps from one refresh to the next' }),
  probes: integer({ min: 1, default: 1, doc: 'Random probes per refresh' }),
  ...drawOptions({ of: 'probes', note: 'entries of mean 0 and variance 1, independent' }),
};

/** Options of the metrics that are estimated by random probes and averaged over refreshes. */
export interface ProbedMetricOptions extends OptionsOf<typeof probedOptions> {}

/** The objective whose curvature is meant. */
export const curvatureObjective = {
  objective: oneOf(['ascent', 'descent'], { optional: 'the descent objective', doc: 'Whose Hessian' }),
};

const stretched = elementwise<'x' | 'diagonal' | 'damping'>((o, { x, diagonal, damping }) => [
  o.mul(x, o.add(o.abs(diagonal), damping)),
]);
const shrunk = elementwise<'x' | 'diagonal' | 'damping'>((o, { x, diagonal, damping }) => [
  o.div(x, o.add(o.abs(diagonal), damping)),
]);

const options = { ...probedOptions, ...curvatureObjective };

/** Options of the diagonal Hessian metric. */
export interface HessianDiagonalOptions extends OptionsOf<typeof options> {}

/** True where an estimate kept under `key` is due: at every `every`-th step, and when there is none. */
export function isDue({ state, step }: GradientOracle, key: string, every: number): boolean {
  return step % every === 0 || state.get(key) === undefined;
}

declare module '../../kinds.js' {
  interface MetricConfigs {
    'hessian-diagonal': ConfigOf<typeof options>;
  }
}

/**
 * The diagonal Hessian metric, G = diag(|D|) + λI: sharp coordinates move less.
 *
 *   δ = ρ G⁻¹g/√⟨g, G⁻¹g⟩;   D: moving average of Hutchinson's estimate z ⊙ H z of the Hessian's diagonal, z random signs
 *
 * The absolute value makes a metric of it where the loss curves downwards. One probe is noisy (the off-diagonal of a row
 * enters): the average over refreshes is what quietens it. Cost: 2 · `probes` gradients and a value every
 * `refreshEvery` steps.
 *
 * @throws RangeError when an option is out of its range; TypeError when `sampler` is not a function.
 * @see Yao et al. 2021, "AdaHessian", section 3, equation 9 (the estimator; the metric is ours).
 *   https://arxiv.org/abs/2006.00719
 */
export const hessianDiagonalMetric: PartFunction<HessianDiagonalOptions, PerturbationMetric, 'metric'> =
  definePart({
    kind: 'metric',
    name: 'hessian-diagonal',
    owner: 'hessianDiagonalMetric',
    doc: "G = diag(|D|) + λI, D Hutchinson's estimate of the Hessian's diagonal: sharp coordinates move less",
    use: 'Where coordinates differ much in curvature and a diagonal says enough',
    source: 'estimator of Yao et al. 2021, arXiv 2006.00719',
    options,
    create: ({ damping, decay, refreshEvery, objective, ...probing }) => {
      const key = 'hessianDiagonal';
      const refresh = (oracle: GradientOracle): ParamVector => {
        const shapes = oracle.variables.map(({ shape }) => shape);
        const estimate = hutchinsonDiagonal(hessian(oracle, { objective }), shapes, oracle.step, probing);
        // An infinity or NaN of one step would stay in the average for good.
        const next = blend(
          oracle.state.get(key),
          scaleFinite(1, estimate),
          biasCorrectedRate(oracle, key, decay),
        );
        oracle.state.set(key, next);
        return next;
      };
      return {
        name: 'hessian-diagonal',
        at: (_gradient, oracle) => {
          const diagonal = isDue(oracle, key, refreshEvery) ? refresh(oracle) : oracle.state.get(key)!;
          const of = (f: typeof shrunk) => (x: ParamVector) => f({ x, diagonal, damping })[0];
          return { apply: of(stretched), solve: of(shrunk) };
        },
      };
    },
  });
