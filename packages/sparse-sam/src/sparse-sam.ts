import {
  type Checked,
  compose,
  type DriverOptions,
  definePreset,
  defineVariant,
  integer,
  type OptionsOf,
  oneOf,
  type PerturbationFilter,
  radius,
  strategyOptions,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';
import { type DynamicMaskOptions, dynamicMask, dynamicMaskOptions } from './dynamic-mask.js';
import { type FisherMaskOptions, fisherMask, fisherMaskOptions } from './fisher-mask.js';
import type { SparsityOptions } from './fisher-scores.js';
import { groupSize, type NmMaskOptions, nmMask } from './nm-mask.js';
import { type StructuredMaskOptions, structuredMask } from './structured-mask.js';

const maskOptions = {
  mask: oneOf(['fisher', 'dynamic', 'structured', 'n:m'], {
    default: 'fisher',
    doc: 'Kind of the mask: fisher is SSAM-F, dynamic SSAM-D. Options of other masks have no effect',
  }),
  ...fisherMaskOptions,
  ...dynamicMaskOptions,
  n: integer({
    min: 1,
    optional: 'm (1 − sparsity), rounded and at least 1',
    doc: 'Coordinates that move in each group (n:m)',
  }),
  ...groupSize,
};

const { filter: _, ...strategies } = strategyOptions;
const shared = {
  rho: radius({ default: 0.05, doc: "Radius ρ in the metric's norm before masking" }),
  ...strategies,
};
const options = { ...shared, ...maskOptions };

/** The options of each mask, by its name. */
interface MaskOptions {
  fisher: FisherMaskOptions;
  dynamic: DynamicMaskOptions;
  structured: StructuredMaskOptions;
  'n:m': NmMaskOptions & SparsityOptions;
}

/** The masks that `sparseSam` chooses from. */
export type SparseMask = keyof MaskOptions;

/** The choice of a mask, and its options. */
export type SparseMaskOptions =
  | ({ readonly mask?: 'fisher' | undefined } & MaskOptions['fisher'])
  | { [M in SparseMask]: { readonly mask: M } & MaskOptions[M] }[Exclude<SparseMask, 'fisher'>];

/** Options of `sparseSam`: the mask's own beside those of every composed variant. */
export type SparseSamOptions = OptionsOf<typeof shared> & DriverOptions & SparseMaskOptions;

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'sparse-sam': VariantConfig<typeof options>;
    'sparse-sam-fisher': VariantConfig<typeof options>;
    'sparse-sam-dynamic': VariantConfig<typeof options>;
  }
}

/**
 * Sparse SAM: perturbs only a part of the coordinates, those that a mask selects.
 *
 *   δ = ρ m ⊙ g / ‖g‖;   direction = ∇L(θ + δ)
 *
 * The norm is that of the whole gradient, as in the published code: ‖δ‖ <= ρ. See `fisherMask`, `dynamicMask`,
 * `structuredMask` and `nmMask` for the masks and their options, and `maskedFraction` for a report. With the mask 'n:m',
 * `n` is m (1 − sparsity), rounded and at least 1, where it is not given. Options of other masks have no effect. Cost: one
 * extra gradient, beside those of refreshing the mask.
 *
 * @throws RangeError when `rho` or an option of the mask is out of its range or `mask` unknown; TypeError when a part is
 *   not of its kind.
 * @see Mi et al. 2022, "Make Sharpness-Aware Minimization Stronger: A Sparsified Perturbation Approach",
 *   https://arxiv.org/abs/2210.05177
 */
export const sparseSam: Variant<SparseSamOptions> = defineVariant({
  name: 'sparse-sam',
  doc: 'Sparse SAM: only a part of the weights is perturbed, those that a mask selects',
  use: 'Where only a part of the weights should be perturbed; masks spare no time on these backends',
  source: 'Mi et al. 2022, arXiv 2210.05177',
  gradients: 2,
  options,
  rule: ({ rho, metric, ascent, objective, combine, ...own }) =>
    compose({ ...{ rho, metric, ascent, objective, combine }, filter: filterOf(own), name: 'sparse-sam' }),
});

/** `sparseSam` with the Fisher mask, SSAM-F, by a name of its own. */
export const sparseSamFisher: Variant<SparseSamOptions> = definePreset(sparseSam, {
  name: 'sparse-sam-fisher',
  doc: 'Sparse SAM, SSAM-F: only the half of the weights with the largest Fisher information moves',
  use: 'Where the weights of the largest Fisher information should be the ones that are perturbed',
  options: { mask: 'fisher' },
});

/** `sparseSam` with the dynamic mask, SSAM-D, by a name of its own. */
export const sparseSamDynamic: Variant<SparseSamOptions> = definePreset(sparseSam, {
  name: 'sparse-sam-dynamic',
  doc: 'Sparse SAM, SSAM-D: half of the weights moves; a mask that drops and grows',
  use: 'Where the mask should be found during the training, without the Fisher information',
  options: { mask: 'dynamic' },
});

function filterOf(own: Checked<typeof maskOptions>): PerturbationFilter {
  const { mask, sparsity, initialMask, refreshEvery, perExample, samples, n, m } = own;
  const scoring = { refreshEvery, perExample, samples };
  switch (mask) {
    case 'fisher':
      return fisherMask({ sparsity, initialMask, ...scoring });
    case 'dynamic': {
      const { dropRate, dropStrategy, growthStrategy, totalRefreshes, seed, sampler } = own;
      const growing = { dropRate, dropStrategy, growthStrategy, totalRefreshes, seed, sampler };
      return dynamicMask({ sparsity, refreshEvery, ...growing });
    }
    case 'structured':
      return structuredMask({ sparsity, ...scoring });
    case 'n:m':
      return nmMask({ n: n ?? Math.max(1, Math.round(m * (1 - sparsity))), m, ...scoring });
  }
}
