import type { VariantSuite } from '@tfjs-sam/testing';
import { asyncSam, lookaheadSam, momentumSam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'momentum-sam', create: momentumSam },
  { name: 'async-sam', create: asyncSam },
  {
    name: 'lookahead-sam',
    create: lookaheadSam,
    skip: { 'rho 0': 'it evaluates ahead of the weights' },
  },
];
