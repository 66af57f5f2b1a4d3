import type { VariantSuite } from '@tfjs-sam/testing';
import { sassha } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  {
    name: 'sassha',
    refusesRuns: 'curvature is of one run',
    create: (base, options) => {
      const { learningRate } = base as unknown as { learningRate: number };
      base.dispose();
      return sassha({ learningRate, refreshEvery: 2, ...options });
    },
    skip: {
      'rho 0': 'it has no base whose step it could take',
      configuration: 'its configuration has no base: tested apart',
      'extreme gradient': 'differences of gradients overflow',
    },
  },
];
