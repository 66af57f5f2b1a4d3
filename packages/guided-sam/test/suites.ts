import type { VariantSuite } from '@tfjs-sam/testing';
import { agnosticSam, modalitySam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'agnostic-sam', create: agnosticSam },
  { name: 'modality-sam', create: modalitySam },
];
