import type { VariantSuite } from '@tfjs-sam/testing';
import { gcSam, polarSam, preconditionedSam, zsharp } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'zsharp', refusesRuns: 'its scores are of whole kernels', create: zsharp },
  { name: 'gc-sam', refusesRuns: 'it centres whole kernels', create: gcSam },
  { name: 'polar-sam', refusesRuns: 'it turns whole kernels', create: polarSam },
  { name: 'preconditioned-sam', create: preconditionedSam },
];
