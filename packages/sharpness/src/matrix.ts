import * as tf from '@tensorflow/tfjs-core';
import {
  add,
  gaussNewton,
  hessian,
  type LinearMap,
  type ParamVector,
  scale,
  type TwoPartLoss,
} from '@tfjs-sam/core';
import type { Releasing } from './cost.js';
import { type Subject, shares } from './subject.js';

/** A matrix of a loss. */
export type MatrixName = 'hessian' | 'gauss-newton';

/**
 * The matrix that a spectrum is of: of a loss in two parts, or of the mean over batches.
 *
 * Of batches each product takes one after the other, in the memory of one; their kinks are noted anew each time, a value more
 * for each.
 *
 * @throws TypeError for 'gauss-newton' without a loss in two parts.
 */
export function matrixOf(
  oracle: Releasing,
  of?: TwoPartLoss | readonly Subject[],
  matrix: MatrixName = (Array.isArray(of) ? of.every(({ parts }) => parts) : of) ? 'gauss-newton' : 'hessian',
): { name: MatrixName; map: LinearMap } {
  const batches = Array.isArray(of) ? (of as readonly Subject[]) : undefined;
  const partsOf = (parts: TwoPartLoss | undefined): TwoPartLoss => {
    if (parts) return parts;
    throw new TypeError('spectrum: expected a loss in two parts for "gauss-newton", got a closure');
  };
  if (!batches || batches.length === 1) {
    const parts = batches ? batches[0]!.parts : (of as TwoPartLoss | undefined);
    return {
      name: matrix,
      map: matrix === 'hessian' ? hessian(oracle) : gaussNewton(oracle, partsOf(parts)),
    };
  }
  const maps = batches.map(({ loss, parts }) =>
    matrix === 'hessian' ? hessian(oracle, { loss }) : gaussNewton(oracle, partsOf(parts)),
  );
  return { name: matrix, map: meanMap(maps, shares(batches), () => oracle.release?.()) };
}

/** Σ wᵢ Aᵢ v, one after the other, with something to do after each. */
function meanMap(maps: readonly LinearMap[], weights: readonly number[], after: () => void): LinearMap {
  const sum = (each: (map: LinearMap) => (v: ParamVector) => ParamVector) => (v: ParamVector) =>
    maps.reduce<ParamVector | undefined>((before, map, i) => {
      const next = tf.tidy(() => {
        const weighed = scale(weights[i]!, each(map)(v));
        return before ? add(before, weighed) : weighed;
      });
      tf.dispose(before ?? []);
      after();
      return next;
    }, undefined)!;
  const { shapes, differences } = maps[0]!;
  return Object.assign(
    sum((map) => map),
    {
      ...(shapes && { shapes }),
      ...(differences && {
        differences: { ...differences, at: (step: number) => sum((map) => map.differences!.at(step)) },
      }),
    },
  );
}
