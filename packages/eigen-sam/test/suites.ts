import type { VariantSuite } from '@tfjs-sam/testing';
import { eigenSam, explicitSam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  {
    name: 'eigen-sam',
    refusesRuns: 'curvature is of one run',
    create: (base, options) => eigenSam(base, { ...options, refreshEvery: 1, powerSteps: 2 }),
  },
  {
    name: 'x-sam',
    refusesRuns: 'curvature is of one run',
    create: (base, options) => explicitSam(base, { ...options, refreshEvery: 1, powerSteps: 2 }),
    skip: { 'rho 0': 'its direction has the length 1', 'extreme gradient': 'its direction has the length 1' },
  },
];
