import * as tf from '@tensorflow/tfjs-core';
import { choose, map, zerosLike } from '../algebra/vector.js';
import { delegate } from '../oracle/delegate.js';
import type { GradientOracle } from '../oracle/oracle.js';
import type { RuleState } from '../oracle/state.js';
import type { RuleStep, SharpnessRule } from './rule.js';

/**
 * Says at which steps a rule acts. A boolean is known before the step and spares the rule's evaluations; a bool Scalar is
 * decided on the device, which costs them in every step.
 */
export type Gate = (oracle: GradientOracle) => boolean | tf.Tensor;

/**
 * A rule that acts at some steps, while the base optimizer takes the gradient at the others. `StepReport.isActive` tells
 * which: in `onStep` and in the History of `model.fit`.
 *
 * @param gate - Asked once a step.
 * @example sharpnessAware(base, intermittent(compose({ rho: 0.1 }), ({ step }) => step >= 1000))
 */
export function intermittent(rule: SharpnessRule, gate: Gate): SharpnessRule {
  if (rule.afterStep) {
    throw new TypeError(
      `intermittent: expected a rule that is done when the update begins, got ${rule.name}, which evaluates after it`,
    );
  }
  return {
    name: rule.name,
    direction: (oracle) => {
      const active = gate(oracle);
      if (active === true) return { ...rule.direction(oracle), active };
      if (active === false) {
        const { loss, gradient } = oracle.evaluate();
        return { loss, direction: gradient, active };
      }
      return chosen(rule, oracle, active);
    },
  };
}

/** The rule's step or the plain one, chosen on the device. */
function chosen(rule: SharpnessRule, oracle: GradientOracle, active: tf.Tensor): RuleStep {
  const { gradient } = oracle.evaluate();
  const { loss, direction, preceding = [], correction } = rule.direction(choosing(oracle, active));
  if (typeof correction === 'function' || preceding.length > 0) {
    throw new TypeError(`intermittent: expected a rule without updates of its own, got ${rule.name}`);
  }
  return {
    loss,
    direction: choose(active, direction, gradient),
    ...(correction && { correction: choose(active, correction, zerosLike(correction)) }),
    active,
  };
}

/** The oracle, with a state that keeps what it had at an inactive step, and gradients that no evaluation may overwrite. */
function choosing(oracle: GradientOracle, active: tf.Tensor): GradientOracle {
  const { state } = oracle;
  const kept = (next: tf.Tensor, previous: tf.Tensor | undefined) =>
    previous ? choose(active, [next], [previous])[0]! : next;
  const own: RuleState = {
    get: (key) => state.get(key),
    getEach: (key) => state.getEach(key),
    getTensor: (key) => state.getTensor(key),
    recall: (key, fallback) => state.recall(key, fallback),
    committed: (key) => state.committed(key),
    recallTensor: (key, fallback) => state.recallTensor(key, fallback),
    delete: (key) => state.delete(key),
    set: (key, value, merge) => {
      const previous = state.getEach(key);
      state.set(
        key,
        map(value, (tensor, i) => kept(tensor, previous[i])),
        merge,
      );
    },
    setTensor: (key, value, merge) =>
      state.setTensor(
        key,
        tf.tidy(() => kept(value, state.getTensor(key))),
        merge,
      ),
  };
  return delegate(oracle, {
    state: own,
    evaluate: (request = {}) => oracle.evaluate({ ...request, donate: false }),
  });
}
