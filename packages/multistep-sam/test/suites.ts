import type { VariantSuite } from '@tfjs-sam/testing';
import { multistepSam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'multistep-sam', create: multistepSam },
  {
    name: 'multistep-sam, projected',
    create: (base, options) => multistepSam(base, { ...options, steps: 3, project: true }),
  },
];
