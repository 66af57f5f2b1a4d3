import type { GradientOracle, StandaloneOracle } from '@tfjs-sam/core';

/** What a measure has evaluated. */
export interface Cost {
  /** Losses with their gradients. */
  readonly gradients: number;
  /** Losses, or outputs, alone: forward passes. */
  readonly values: number;
}

/** An oracle that counts what it is asked. What is known at θ is free, as are the notes of kinks (one value per loss). */
export function counting(oracle: StandaloneOracle): { oracle: GradientOracle; cost(): Cost } {
  let [gradients, values] = [0, 0];
  const counted: GradientOracle = {
    variables: oracle.variables,
    step: oracle.step,
    nextDraw: () => oracle.nextDraw(),
    state: oracle.state,
    base: oracle.base,
    evaluate: (request) => {
      if (request?.perturbation || request?.loss) gradients++;
      return oracle.evaluate(request);
    },
    value: (request) => {
      if (request?.perturbation || request?.loss) values++;
      return oracle.value(request);
    },
    losses: (request) => {
      values++;
      return oracle.losses(request);
    },
    compute: (f, request) => {
      values++;
      return oracle.compute(f, request);
    },
  };
  return { oracle: counted, cost: () => ({ gradients, values }) };
}
