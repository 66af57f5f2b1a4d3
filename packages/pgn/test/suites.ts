import type { VariantSuite } from '@tfjs-sam/testing';
import { crSam, gam, pgn, sagm } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'pgn', create: pgn },
  { name: 'sagm', create: sagm, skip: { 'rho 0': 'the step against the ascent, α, stays' } },
  { name: 'cr-sam', create: crSam },
  { name: 'gam', create: gam, skip: { 'rho 0': 'the ascent along the norm’s gradient stays' } },
];
