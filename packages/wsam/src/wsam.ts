import {
  boolean,
  type Checked,
  composePerturbation,
  type DriverOptions,
  defineVariant,
  elementwise,
  type GradientOracle,
  mix,
  number,
  type OptionsOf,
  perturbationOptions,
  radius,
  type SharpnessRule,
  type Variant,
  type VariantConfig,
} from '@tfjs-sam/core';

const options = {
  rho: radius({ default: 0.05 }),
  gamma: number({
    min: 0,
    below: 1,
    default: 0.9,
    unit: 'dimensionless',
    doc: 'Weight γ of the sharpness: 0 is the base optimizer alone, 1/2 is SAM (decoupled: around SGD without momentum)',
  }),
  decouple: boolean({
    default: true,
    doc: "Lets the sharpness's gradient bypass the base optimizer's momentum and scaling",
  }),
  ...perturbationOptions,
};

/** Options of `wsam`. */
export interface WsamOptions extends OptionsOf<typeof options>, DriverOptions {}

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    wsam: VariantConfig<typeof options>;
  }
}

/**
 * WSAM: minimises the loss and, weighted beside it, the sharpness L(θ + δ) − L(θ).
 *
 *   δ = ρ g / ‖g‖,   gₚ = ∇L(θ + δ),   α = γ / (1 − γ)
 *   decoupled: θ ← Base(θ, g) − lr α (gₚ − g);   coupled: θ ← Base(θ, (1 − α) g + α gₚ)
 *
 * lr is the base optimizer's learning rate at the step. The decoupled form moves the weights outside the base optimizer,
 * and so offers no gradients to `computeGradients`: what changes gradients (`clipByGlobalNorm`) goes around its base.
 * Cost: one extra gradient.
 *
 * @throws RangeError when `rho` is negative or not finite or `gamma` outside [0, 1); TypeError when a part is not of its
 *   kind or `decouple` no boolean. The decoupled step throws when the base optimizer has no learning rate.
 * @see Yue et al. 2023, "Sharpness-Aware Minimization Revisited: Weighted Sharpness as a Regularization Term".
 *   https://arxiv.org/abs/2305.15817
 */
export const wsam: Variant<WsamOptions> = defineVariant({
  name: 'wsam',
  doc: 'WSAM: the sharpness as a weighted regulariser, beside the base optimizer',
  use: 'To weigh sharpness against loss by a number of its own, not by the radius',
  source: 'Yue et al. 2023, arXiv 2305.15817',
  gradients: 2,
  options,
  rule: wsamRule,
});

/** c (x − y). */
const scaledDifference = elementwise<'c' | 'x' | 'y'>((o, { c, x, y }) => [o.mul(c, o.sub(x, y))]);

function wsamRule({ gamma, decouple, ...strategies }: Checked<typeof options>): SharpnessRule {
  const perturb = composePerturbation({ ...strategies, name: 'wsam' });
  const alpha = gamma / (1 - gamma);
  return {
    name: 'wsam',
    direction: (oracle) => {
      const { loss, gradient } = oracle.evaluate();
      const perturbed = oracle.evaluate({ perturbation: perturb(gradient, oracle) }).gradient;
      // (1 − α) g + α gₚ, exactly g where the two are one, and SAM's gₚ at α = 1.
      if (!decouple && alpha === 1) return { loss, direction: perturbed };
      if (!decouple) return { loss, direction: mix(alpha, perturbed, gradient) };
      const c = -alpha * learningRateOf(oracle);
      const [correction] = scaledDifference({ c, x: perturbed, y: gradient });
      return { loss, direction: gradient, correction };
    },
  };
}

function learningRateOf({ base: { learningRate } }: GradientOracle): number {
  if (Number.isFinite(learningRate)) return learningRate;
  throw new Error(`wsam: expected a base optimizer with a learningRate, got ${learningRate}`);
}
