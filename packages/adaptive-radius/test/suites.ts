import type { VariantSuite } from '@tfjs-sam/testing';
import { leSam, lightSam, samPolyak } from '../src/index.js';

const scaled = 'its steps are scaled by what all gradients so far add up to';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  {
    name: 'le-sam',
    create: (base, { rho, ...options } = {}) =>
      leSam(base, { ...options, ...(rho !== undefined && { rhoMax: rho }) }),
  },
  {
    name: 'light-sam',
    create: lightSam,
    skip: { 'rho 0': scaled, 'extreme gradient': scaled },
  },
  { name: 'sam-polyak', create: samPolyak, skip: { 'rho 0': 'its step size is Polyak’s' } },
];
