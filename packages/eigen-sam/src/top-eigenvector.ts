import * as tf from '@tensorflow/tfjs-core';
import {
  type Checked,
  drawOptions,
  type GradientOracle,
  hvp,
  integer,
  map,
  norm,
  type ParamVector,
  scale,
  seededSampler,
} from '@tfjs-sam/core';

/** The options of the power iteration. */
export const powerOptions = {
  refreshEvery: integer({
    min: 1,
    default: 100,
    unit: 'steps',
    doc: 'Steps from one power iteration to the next; the first comes after as many',
  }),
  powerSteps: integer({ min: 1, default: 5, doc: 'Hessian-vector products of a power iteration' }),
  ...drawOptions({
    of: 'standard normal vector that the first power iteration starts from',
    note: 'one draw',
  }),
};

/** Difference step: on the reference network the products' truncation and rounding, which iterations pile up, are alike. */
const STEP = 2 ** -10;

/** v, the last power iteration's. */
const VECTOR = 'top-eigenvector';

/**
 * The eigenvector of the Hessian's eigenvalue of largest size, by a power iteration on the step's batch now and then; each
 * starts from the last one's result. Undefined before the first, at step `refreshEvery`.
 */
export function topEigenvector({ refreshEvery, powerSteps, seed, sampler }: Checked<typeof powerOptions>) {
  const draw = sampler ?? seededSampler('gaussian', seed);
  return (oracle: GradientOracle): ParamVector | undefined => {
    const { state, step, variables } = oracle;
    const stored = state.getEach(VECTOR);
    const known = stored.some((entry) => entry !== undefined);
    const last = known ? map(variables, (variable, i) => stored[i] ?? tf.zerosLike(variable)) : undefined;
    if (step === 0 || step % refreshEvery !== 0) return last;
    let vector =
      last ??
      draw(
        variables.map(({ shape }) => shape),
        step,
        0,
      );
    for (let i = 0; i < powerSteps; i++) {
      const before = vector;
      vector = tf.tidy(() => {
        const product = hvp(oracle, before, { step: STEP });
        return scale(tf.divNoNan(1, norm(product)), product);
      });
    }
    state.set(VECTOR, vector, 'first');
    return vector;
  };
}
