import type { VariantSuite } from '@tfjs-sam/testing';
import { aeSam, periodicSam, rstSam } from '../src/index.js';

const overflow = { 'extreme gradient': 'the square of such a gradient is beyond float32' };

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'ae-sam', refusesRuns: 'its decision is one for all runs', create: aeSam, skip: overflow },
  {
    name: 'ae-sam, without lag',
    create: (base, options) => aeSam(base, { ...options, lag: false }),
    skip: overflow,
  },
  { name: 'rst-sam', create: rstSam },
  {
    name: 'periodic-sam',
    create: (base, options) => periodicSam(base, { ...options, every: 2, from: 1, until: 5 }),
  },
];
