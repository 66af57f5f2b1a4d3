import {
  type Checked,
  compose,
  type DriverOptions,
  defineVariant,
  gaussNewtonMetric,
  hessianDiagonalMetric,
  hessianLowRankMetric,
  lowRankOptions,
  type OptionsOf,
  oneOf,
  outputOptions,
  type PerturbationMetric,
  probedOptions,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

/** The metrics of curvature. */
export const hessianKinds = ['diagonal', 'low-rank', 'gauss-newton'] as const;

/** The metric of curvature. */
export type HessianKind = (typeof hessianKinds)[number];

const metricOptions = {
  kind: oneOf(hessianKinds, {
    default: 'diagonal',
    doc: "The metric: Hutchinson's diagonal, the top eigenpairs, or (in code alone) the Gauss–Newton diagonal. Options that belong to another kind are ignored",
  }),
  ...probedOptions,
  ...lowRankOptions,
  ...outputOptions,
};

const options = { rho: radius({ default: 0.05 }), ...metricOptions, ...strategyOptions };

/** Options of `hessianSam`. */
export interface HessianSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'hessian-sam': VariantConfig<typeof options>;
  }
}

/**
 * SAM in a ball measured by the curvature of the loss, so that sharp directions move less.
 *
 *   δ = ρ G⁻¹g/√⟨g, G⁻¹g⟩;   direction = ∇L(θ + δ)
 *
 * - 'diagonal': G = diag(|D|) + λI, D Hutchinson's estimate of the Hessian's diagonal (`damping`, `decay`, `probes`).
 * - 'low-rank': G = I + Σₖ |λₖ| vₖvₖᵀ over the eigenpairs of largest |λ| (`rank`, `iterations`).
 * - 'gauss-newton': G = diag(N) + λI, N the diagonal of the Gauss–Newton matrix of the network's `outputs` (`damping`,
 *   `decay`, `probes`).
 *
 * Estimates are refreshed every `refreshEvery` steps. `metric` replaces them all. Cost: one extra gradient; and at a
 * refresh two per probe, two per Lanczos iteration, or one per probe.
 *
 * @throws RangeError when an option is out of its range or `kind` unknown; TypeError when a part is not of its kind, or
 *   `outputs` is missing for 'gauss-newton'.
 * @see Foret et al. 2021 for the ascent step, https://arxiv.org/abs/2010.01412; Yao et al. 2021 for the diagonal's
 *   estimate, equation 9, https://arxiv.org/abs/2006.00719. The combination is ours.
 */
export const hessianSam: Variant<HessianSamOptions> = defineVariant({
  name: 'hessian-sam',
  doc: "SAM in a ball measured by the loss's curvature, estimated with random probes",
  use: 'Where directions differ much in curvature; it is ours, and not compared in any paper',
  source: 'ours; estimators of Yao et al. 2021, arXiv 2006.00719, and Ghorbani et al. 2019, arXiv 1901.10159',
  gradients: 2,
  options,
  rule: ({ rho, metric, filter, ascent, objective, combine, ...own }) =>
    compose({
      ...{ rho, filter, ascent, objective, combine, name: 'hessian-sam' },
      metric: metric ?? metricOf(own, objective),
    }),
});

function metricOf(own: Checked<typeof metricOptions>, objective: 'ascent' | 'descent'): PerturbationMetric {
  const { kind, damping, decay, refreshEvery, probes, seed, sampler, rank, iterations, outputs, outputLoss } =
    own;
  if (kind === 'low-rank')
    return hessianLowRankMetric({ rank, iterations, refreshEvery, seed, sampler, objective });
  const probed = { damping, decay, refreshEvery, probes, seed, sampler };
  if (kind === 'diagonal') return hessianDiagonalMetric({ ...probed, objective });
  if (outputs !== undefined) return gaussNewtonMetric({ ...probed, outputs, outputLoss });
  throw new TypeError(
    'hessian-sam: expected outputs, a function (step) => tensor [batch, outputs], for kind "gauss-newton", got none',
  );
}
