import type { GradientOracle, KinkKeeping, LossClosure, StandaloneOracle } from '@tfjs-sam/core';

/** Evaluations of a measure; of a loss in batches each batch counts. */
export interface Cost {
  /** Losses with their gradients. */
  readonly gradients: number;
  /** Losses, or outputs, alone: forward passes. */
  readonly values: number;
}

/** An oracle that frees kinks: `makeOracle` makes them. */
export type Releasing = GradientOracle & Partial<Pick<StandaloneOracle, 'release'>>;

/** Notes of kinks: a value for each function whose kinks are held, until they are released. */
class Notes {
  readonly #known = new Set<unknown>();
  take(functions: readonly unknown[]): number {
    const before = this.#known.size;
    for (const each of functions) this.#known.add(each);
    return this.#known.size - before;
  }
  release(): void {
    this.#known.clear();
  }
}

/**
 * An oracle that counts what it is asked. What is known at θ is free.
 *
 * @param batches - How many batches the oracle's own loss is of. Default 1.
 */
export function counting(oracle: StandaloneOracle, batches = 1): { oracle: Releasing; cost(): Cost } {
  let [gradients, values] = [0, 0];
  const notes = new Notes();
  const whole = Array.from({ length: batches }, () => ({}));
  const noted = (loss: LossClosure | undefined, kinks: KinkKeeping | undefined) => {
    if (kinks) values += notes.take(loss ? [loss] : whole);
    return loss ? 1 : batches;
  };
  const counted: Releasing = {
    variables: oracle.variables,
    step: oracle.step,
    nextDraw: () => oracle.nextDraw(),
    state: oracle.state,
    base: oracle.base,
    get kinksHeld() {
      return oracle.kinksHeld !== false;
    },
    evaluate: (request = {}) => {
      const { perturbation, loss, kinks, weights } = request;
      if (perturbation || loss || weights) gradients += noted(loss, kinks);
      return oracle.evaluate(request);
    },
    value: (request = {}) => {
      const { perturbation, loss, kinks } = request;
      if (perturbation || loss) values += noted(loss, kinks);
      return oracle.value(request);
    },
    losses: (request) => {
      values += request?.loss ? 1 : batches;
      return oracle.losses(request);
    },
    compute: (f, request) => {
      if (request?.kinks) values += notes.take([f]);
      values++;
      return oracle.compute(f, request);
    },
    release: () => {
      notes.release();
      oracle.release();
    },
  };
  return { oracle: counted, cost: () => ({ gradients, values }) };
}
