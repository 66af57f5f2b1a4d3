import type { GradientOracle } from '../oracle/oracle.js';
import { hessian, type LinearMap } from './hvp.js';

/** The trust that a measured number deserves. */
export interface Reliability {
  /** False where the number may be wrong by more than its stated error. */
  readonly reliable: boolean;
  /** Why it is not reliable, and what to do. */
  readonly reason?: string;
}

/** Joins complaints, of which there may be none. */
export function judge(complaints: readonly (string | false | undefined)[]): Reliability {
  const found = complaints.filter(Boolean);
  return found.length === 0 ? { reliable: true } : { reliable: false, reason: found.join('; ') };
}

/** A map and its shapes; an oracle stands for its Hessian. */
export function resolveMap(
  owner: string,
  target: GradientOracle | LinearMap,
  given?: readonly number[][],
): { apply: LinearMap; shapes: readonly number[][] } {
  const apply = typeof target === 'function' ? target : hessian(target);
  const shapes = given ?? apply.shapes;
  if (shapes !== undefined) return { apply, shapes };
  throw new TypeError(`${owner}: expected the shapes of the map's vectors as second argument, got none`);
}

/** Complaint where two steps of differences do not agree. */
export const DISAGREEMENT =
  'differences of the step and of twice the step disagree: use gaussNewton, or another step';

/** Complaint of a measure that met a number that is not finite. */
export const NOT_FINITE = 'a product is not finite: is the loss finite near θ?';

/** Why a map's differences are not to be believed whatever their steps say; false where they are. */
export function unheldKinks({ differences }: LinearMap): string | false {
  return (
    differences?.kinksHeld?.() === false &&
    'the loss has kinks that cannot be held (3-D max pooling, a ReLU with a gradient of its own, operations that change with θ): use gaussNewton, or operations of TensorFlow.js'
  );
}
