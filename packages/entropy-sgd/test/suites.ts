import type { VariantSuite } from '@tfjs-sam/testing';
import { entropySgd } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  {
    name: 'entropy-sgd',
    create: (base, { rho: _, ...options } = {}) => entropySgd(base, { ...options, steps: 3 }),
    skip: { 'rho 0': 'it has no radius', 'zero gradient': 'the noise stays' },
  },
];
