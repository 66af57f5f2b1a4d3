import type {
  Evaluation,
  EvaluationRequest,
  GradientOracle,
  SharpnessAwareOptimizer,
  SharpnessRule,
} from '@tfjs-sam/core';

/** An oracle some of whose members are answered in another way. */
export function overriding<T extends object>(target: T, overrides: Partial<T>): T {
  return new Proxy(target, {
    get(object, key) {
      if (key in overrides) return overrides[key as keyof T];
      // Private fields belong to the object itself, not to what stands before it.
      const value = Reflect.get(object, key, object) as unknown;
      return typeof value === 'function' ? value.bind(object) : value;
    },
  });
}

/** Puts another rule into an optimizer. @returns Puts its own one back. */
export function replaceRule(
  optimizer: SharpnessAwareOptimizer,
  change: (rule: SharpnessRule) => SharpnessRule,
): () => void {
  const { rule } = optimizer;
  const writable = optimizer as { rule: SharpnessRule };
  writable.rule = change(rule);
  return () => {
    writable.rule = rule;
  };
}

export type { Evaluation, EvaluationRequest, GradientOracle };
