import type { VariantSuite } from '@tfjs-sam/testing';
import { gcSam, polarSam, preconditionedSam, zsharp } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'zsharp', create: zsharp },
  { name: 'gc-sam', create: gcSam },
  { name: 'polar-sam', create: polarSam },
  { name: 'preconditioned-sam', create: preconditionedSam },
];
