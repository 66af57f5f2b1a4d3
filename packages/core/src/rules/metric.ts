import type { ParamVector } from '../algebra/vector.js';
import type { NamedConfig } from '../declare/config.js';
import type { GradientOracle } from '../oracle/oracle.js';

/** The metric at one point: two linear maps. Norm, dual norm and ascent step follow from them. */
export interface InnerProduct {
  /** v ↦ G v. */
  apply(v: ParamVector): ParamVector;
  /** g ↦ G⁻¹ g. */
  solve(g: ParamVector): ParamVector;
  /**
   * k >= 0 where g is an eigenvector with G g = (1 + k‖g‖²) g, else undefined. Optional: it lets the ascent step take
   * the closed form ρ g / (‖g‖√(1 + k‖g‖²)), without the cancellation of the general formula and in one pass.
   */
  rankOneCoefficient?(g: ParamVector): number | undefined;
  /**
   * The metric of the coordinates F⁻¹θ, where the radius has multipliers f: I + F (G − I) F. Optional: for metrics that add
   * outer products to the identity, whose ball F stretches and whose products it leaves (G_F = F⁻² + g gᵀ). Without it the
   * whole ball is stretched, G_F = F⁻¹ G F⁻¹.
   *
   * @param g - F times the gradient that the metric was made of.
   */
  stretched?(factors: readonly number[], g: ParamVector): InnerProduct;
}

/** A Riemannian metric field θ ↦ G(θ): how the neighbourhood of θ is measured. */
export interface PerturbationMetric {
  /** Name in configurations and messages. */
  readonly name: string;
  /** Its configuration, to make it again; absent for a metric that cannot be saved by name. */
  readonly config?: NamedConfig;
  /** The inner product at θ, given the gradient there (and the oracle, for metrics that need more). */
  at(gradient: ParamVector, oracle: GradientOracle): InnerProduct;
}
