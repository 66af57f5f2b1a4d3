import * as tf from '@tensorflow/tfjs-core';
import {
  type GradientOracle,
  mul,
  type ParamVector,
  type PerturbationFilter,
  requireOneRun,
} from '@tfjs-sam/core';

/** Slot of the current mask: 1 where a coordinate moves. */
export const MASK = 'sparse.mask';

/** The scores that a mask is made from. */
export interface MaskContext {
  /** g at θ. */
  readonly gradient: ParamVector;
  /** The step's oracle, at θ. */
  readonly oracle: GradientOracle;
}

/** The part that tells one masking filter from another. Masks are vectors of 0 and 1, 1 where a coordinate moves. */
export interface MaskStrategy {
  readonly name: string;
  /** The mask of this step; `previous` where it need not be made anew. */
  current(context: MaskContext, previous: ParamVector | undefined): ParamVector;
  /** The mask of the steps that follow, where this step makes it: from the filtered perturbation. */
  next?(context: MaskContext, mask: ParamVector, perturbation: ParamVector): ParamVector | undefined;
}

/** A filter δ ↦ m ⊙ δ whose mask lives in the rule's state. */
export function maskFilter(strategy: MaskStrategy): PerturbationFilter {
  // A step asks once per micro-batch: all of them share what the first one made, and the mask moves on once.
  const asked = new WeakMap<GradientOracle, ParamVector | undefined>();
  return {
    name: strategy.name,
    apply: (perturbation, gradient, oracle) => {
      requireOneRun('sparse masks');
      const context = { gradient, oracle };
      const { mask, made } = currentMask(strategy, context, asked.get(oracle));
      const filtered = mul(perturbation, mask);
      if (asked.has(oracle)) return filtered;
      asked.set(oracle, made);
      const next = strategy.next?.(context, mask, filtered);
      if (next) oracle.state.set(MASK, next);
      return filtered;
    },
  };
}

/** The step's mask; a new one also as a reference that outlives the scope of a micro-batch. */
function currentMask(
  strategy: MaskStrategy,
  context: MaskContext,
  known: ParamVector | undefined,
): { readonly mask: ParamVector; readonly made?: ParamVector } {
  if (known) return { mask: known };
  const { state } = context.oracle;
  const previous = state.get(MASK) && state.recall(MASK, () => dense(context));
  const mask = strategy.current(context, previous);
  if (mask === previous) return { mask };
  state.set(MASK, mask);
  const made = state.get(MASK)!;
  return { mask: made, made };
}

/** Where no step has committed a mask, everything moves. */
function dense({ oracle }: MaskContext): ParamVector {
  return oracle.variables.map(({ shape }) => tf.ones(shape));
}
