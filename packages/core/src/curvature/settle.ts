import * as tf from '@tensorflow/tfjs-core';
import { dot, norm, type ParamVector, sub } from '../algebra/vector.js';
import type { LinearMap } from './hvp.js';

/** An image of a probe z: ‖A z‖ and zᵀA z. */
interface Image {
  readonly norm: number;
  readonly quadratic: number;
}

/** A map at a difference step that suits its loss, and how far off its images are there. */
export interface Settled {
  readonly map: LinearMap;
  /** The share of an image's error that two difference steps leave. */
  readonly gap: number;
  /** The probe's image, and that by twice the step; the same of a map without differences. */
  readonly fine: Image;
  readonly coarse: Image;
  /** ‖A z‖ of the difference of the two. */
  readonly apart: number;
}

/** The error that is no reason to look for a finer step: probes spread further. */
const PATIENCE = 0.01;

/** The error above which two steps disagree. */
export const TOO_FAR_APART = 0.1;

/** The number of times that a step is quartered, of which truncation keeps a sixteenth each time. */
const QUARTERINGS = 3;

/**
 * The map at its own difference step, or at a quarter of it and so on, while that brings two steps closer together: where the
 * loss bends within the step, as it does of small weights on large inputs, truncation is then the error, and not rounding.
 *
 * Cost: two products, and two for each quartering. A step that was asked for is kept.
 *
 * @param probe - Draws a vector like those that the map is to take: the same at every call.
 */
export async function settled(map: LinearMap, probe: () => ParamVector): Promise<Settled> {
  let found = await compared(map, probe);
  const { differences, shapes } = map;
  if (!differences || differences.step !== undefined) return found;
  for (let k = 1; k <= QUARTERINGS && found.gap > PATIENCE; k++) {
    const own = differences.own / 4 ** k;
    const at = (v: ParamVector) => differences.at(own)(v);
    const finer = await compared(
      Object.assign(at, { ...(shapes && { shapes }), differences: { ...differences, own } }),
      probe,
    );
    if (!(finer.gap < found.gap)) break;
    found = finer;
  }
  return found;
}

async function compared(map: LinearMap, probe: () => ParamVector): Promise<Settled> {
  const { differences } = map;
  const numbers = tf.tidy(() => {
    const z = probe();
    const fine = map(z);
    const coarse = differences ? differences.at(2 * differences.own)(z) : fine;
    return tf.stack([norm(fine), dot(z, fine), norm(coarse), dot(z, coarse), norm(sub(coarse, fine))]);
  });
  const [size, quadratic, coarseSize, coarseQuadratic, apart] = Array.from(await numbers.data());
  numbers.dispose();
  return {
    map,
    gap: apart === 0 ? 0 : apart! / (3 * size!),
    fine: { norm: size!, quadratic: quadratic! },
    coarse: { norm: coarseSize!, quadratic: coarseQuadratic! },
    apart: apart!,
  };
}
