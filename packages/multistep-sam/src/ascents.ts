import { add, type GradientOracle, materialise, type ParamVector, type Perturbation } from '@tfjs-sam/core';

/** Where some ascents led, and the gradient there that would be climbed next. */
export interface Ascended {
  /** Displacement from θ; absent before the first ascent. */
  readonly displacement: ParamVector | undefined;
  readonly evaluation: ReturnType<GradientOracle['evaluate']>;
}

/**
 * Climbs step by step, each along the gradient of the point that the last one reached.
 *
 * @param perturb - One ascent, from the gradient.
 * @param bound - What becomes of the whole displacement after each ascent. Default nothing.
 */
export function* ascents(
  oracle: GradientOracle,
  perturb: (gradient: ParamVector, oracle: GradientOracle) => Perturbation,
  bound: (displacement: ParamVector) => ParamVector = (displacement) => displacement,
): Generator<Ascended, never> {
  let displacement: ParamVector | undefined;
  let evaluation = oracle.evaluate();
  for (;;) {
    yield { displacement, evaluation };
    const step = materialise(perturb(evaluation.gradient, oracle));
    displacement = bound(displacement ? add(displacement, step) : step);
    evaluation = oracle.evaluate({ perturbation: displacement });
  }
}
