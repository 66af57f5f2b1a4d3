import type { VariantSuite } from '@tfjs-sam/testing';
import { xsam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'xsam, searching', create: (base, options) => xsam(base, { ...options, searchEvery: 2 }) },
  { name: 'xsam', create: (base, options) => xsam(base, { ...options, alpha: 0.6, steps: 2 }) },
];
