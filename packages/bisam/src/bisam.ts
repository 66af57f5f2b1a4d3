import {
  compose,
  type DriverOptions,
  definePreset,
  defineVariant,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { lowerBoundOptions, withLowerBound } from './lower-bound.js';

const { objective: _, ...strategies } = strategyOptions;
const options = { rho: radius({ default: 0.1 }), ...lowerBoundOptions, ...strategies };

/** Options of `bisam`. */
export interface BisamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    bisam: VariantConfig<typeof options>;
    'bisam-tanh': VariantConfig<typeof options>;
    'bisam-log': VariantConfig<typeof options>;
  }
}

/**
 * Bilevel SAM: the perturbation climbs a lower bound Q of the 0-1 loss, which the adversary is really after, and
 * training descends the cross entropy, its upper bound.
 *
 *   δ = ρ ∇Q(θ) / ‖∇Q(θ)‖;   direction = ∇L(θ + δ)
 *
 * The loss must tell the two objectives apart: `minimize((objective) => …)`, core's `byObjective`, or `bisamLoss` given
 * to `model.compile`. With a loss that does not, this is SAM. The loss reported is the descent objective's, at θ + δ.
 * With a metric that depends on the gradient's length (Monge), Q's scale matters. Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite, or for a `lowerBound` of unknown kind or with numbers that
 *   are not positive; TypeError when a part is not of its kind.
 * @see Xie et al. 2024, "Improving SAM Requires Rethinking its Optimization Formulation", algorithm 1.
 *   https://arxiv.org/abs/2407.12993
 */
export const bisam: Variant<BisamOptions> = defineVariant({
  name: 'bisam',
  doc: 'BiSAM: climbs a lower bound of the 0-1 loss, descends the cross entropy',
  use: 'For classification: it climbs a bound of the errors’ share in place of the cross entropy',
  source: 'Xie et al. 2024, arXiv 2407.12993',
  gradients: 2,
  options,
  rule: ({ lowerBound, ...given }) => {
    const rule = compose({ ...given, objective: 'ascent', name: 'bisam' });
    return { ...rule, direction: (oracle) => withLowerBound(lowerBound, () => rule.direction(oracle)) };
  },
});

/** `bisam` with its tanh bound, by a name of its own. */
export const bisamTanh: Variant<BisamOptions> = definePreset(bisam, {
  name: 'bisam-tanh',
  doc: 'BiSAM: climbs a tanh lower bound of the 0-1 loss, descends the cross entropy',
  use: 'For classification, with the bounded lower bound by its name',
  options: { lowerBound: { kind: 'tanh' } },
});

/** `bisam` with its logarithmic bound, by a name of its own. */
export const bisamLog: Variant<BisamOptions> = definePreset(bisam, {
  name: 'bisam-log',
  doc: 'BiSAM: climbs a logarithmic lower bound of the 0-1 loss, descends the cross entropy',
  use: 'For classification, where examples that are far from right should still count',
  options: { lowerBound: { kind: 'log' } },
});
