import type { GradientOracle } from './oracle.js';

/** An oracle that answers as another one, but for what is given. */
export function delegate(
  oracle: GradientOracle,
  own: Partial<Pick<GradientOracle, 'state' | 'evaluate'>>,
): GradientOracle {
  return {
    get step() {
      return oracle.step;
    },
    nextDraw: () => oracle.nextDraw(),
    base: oracle.base,
    get state() {
      return own.state ?? oracle.state;
    },
    get variables() {
      return oracle.variables;
    },
    get rhoFactors() {
      return oracle.rhoFactors;
    },
    get learningRateFactors() {
      return oracle.learningRateFactors;
    },
    get kinksHeld() {
      return oracle.kinksHeld !== false;
    },
    evaluate: own.evaluate ?? ((request) => oracle.evaluate(request)),
    value: (request) => oracle.value(request),
    losses: (request) => oracle.losses(request),
    compute: (f, request) => oracle.compute(f, request),
  };
}
