import {
  compose,
  type DriverOptions,
  defineVariant,
  type OptionsOf,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { lossBudget, lossBudgetOptions } from './loss-budget.js';

const { metric: _, ...strategies } = strategyOptions;
const options = {
  ...lossBudgetOptions,
  rhoMax: radius({ default: 0.1, unit: 'weight units', doc: 'Largest radius ρ_max' }),
  ...strategies,
};

/** Options of `leSam`. */
export interface LeSamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'le-sam': VariantConfig<typeof options>;
  }
}

/**
 * LE-SAM: the radius is what a budget of the loss allows, small where the loss is steep.
 *
 *   δ = min(σ / ‖g‖, ρ_max) g / ‖g‖;   direction = ∇L(θ + δ)
 *
 * The paper anneals σ: `budget` takes a schedule. Cost: one extra gradient.
 *
 * @throws RangeError when `budget` or `rhoMax` is negative or not finite; TypeError when a part is not of its kind.
 * @see LE-SAM, https://arxiv.org/abs/2605.10183
 */
export const leSam: Variant<LeSamOptions> = defineVariant({
  name: 'le-sam',
  doc: 'SAM whose radius follows a budget of the loss',
  use: 'Where no radius is known: a tolerable rise of the loss takes its place',
  source: 'arXiv 2605.10183',
  gradients: 2,
  options,
  rule: ({ budget, rhoMax, ...given }) =>
    compose({ ...given, rho: rhoMax, metric: lossBudget({ budget }), name: 'le-sam' }),
});
