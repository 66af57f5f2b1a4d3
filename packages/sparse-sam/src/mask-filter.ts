import * as tf from '@tensorflow/tfjs-core';
import { type GradientOracle, map, type ParamVector, type PerturbationFilter, zip } from '@tfjs-sam/core';

/**
 * Slot of the current mask, inverted: 1 where a coordinate stays put. A slot is zero where a skipped step (see
 * `onNonFinite`) was to create it; inverted, that is a dense perturbation rather than none.
 */
export const MASKED = 'sparse.masked';

/** What a mask is made from. */
export interface MaskContext {
  /** g at θ. */
  readonly gradient: ParamVector;
  /** The step's oracle, at θ. */
  readonly oracle: GradientOracle;
}

/** What tells one masking filter from another. Masks are vectors of 0 and 1, 1 where a coordinate moves. */
export interface MaskStrategy {
  readonly name: string;
  /** The mask of this step; `previous` where it need not be made anew. */
  current(context: MaskContext, previous: ParamVector | undefined): ParamVector;
  /** The mask of the steps that follow, where this step makes it: from the filtered perturbation. */
  next?(context: MaskContext, mask: ParamVector, perturbation: ParamVector): ParamVector | undefined;
}

/** A filter δ ↦ m ⊙ δ whose mask lives in the rule's state. */
export function maskFilter(strategy: MaskStrategy): PerturbationFilter {
  // A step asks once per micro-batch: all of them share the mask of the first, and the mask moves on once.
  const maskedAt = new WeakMap<GradientOracle, ParamVector>();
  return {
    name: strategy.name,
    apply: (perturbation, gradient, oracle) => {
      const known = maskedAt.get(oracle);
      if (known) return unmasked(perturbation, known);
      const context = { gradient, oracle };
      const masked = currentMask(strategy, context);
      maskedAt.set(oracle, masked);
      const filtered = unmasked(perturbation, masked);
      const next = strategy.next?.(context, invert(masked), filtered);
      if (next) oracle.state.set(MASKED, invert(next));
      return filtered;
    },
  };
}

/** The step's inverted mask, as a reference that outlives the scope of a micro-batch. */
function currentMask(strategy: MaskStrategy, context: MaskContext): ParamVector {
  const { state } = context.oracle;
  const stored = state.get(MASKED);
  const previous = stored && invert(stored);
  const mask = strategy.current(context, previous);
  if (stored && mask === previous) return stored;
  state.set(MASKED, invert(mask));
  return state.get(MASKED)!;
}

function unmasked(perturbation: ParamVector, masked: ParamVector): ParamVector {
  return zip(perturbation, masked, (delta, stays) => tf.mul(delta, tf.sub(1, stays)));
}

function invert(mask: ParamVector): ParamVector {
  return map(mask, (tensor) => tf.sub(1, tensor));
}
