import type { VariantSuite } from '@tfjs-sam/testing';
import { vasso } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [{ name: 'vasso', create: vasso }];
