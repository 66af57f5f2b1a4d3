import type { VariantSuite } from '@tfjs-sam/testing';
import { stableSam, stableUsam, usam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'stable-sam', create: stableSam },
  { name: 'usam', create: usam },
  { name: 'stable-usam', create: stableUsam },
];
