import type { VariantSuite } from '@tfjs-sam/testing';
import { lookbehindSam, multistepSam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'multistep-sam', create: multistepSam },
  {
    name: 'multistep-sam, projected',
    create: (base, options) => multistepSam(base, { ...options, steps: 3, project: true }),
  },
  {
    name: 'lookbehind-sam',
    create: lookbehindSam,
    skip: { 'rho 0': 'takes k steps of the base optimizer, and a part of their way' },
  },
  {
    name: 'lookbehind-sam, adaptive',
    create: (base, options) => lookbehindSam(base, { ...options, k: 2, alpha: 'adaptive' }),
    skip: { 'rho 0': 'takes k steps of the base optimizer, and a part of their way' },
  },
];
