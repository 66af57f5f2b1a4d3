import type { VariantSuite } from '@tfjs-sam/testing';
import { layerSam, layerwiseAsam, samOn, signAsam, slSam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'layerwise-asam', create: layerwiseAsam },
  { name: 'sign-asam', create: signAsam },
  {
    name: 'sam-on',
    create: (base, options) =>
      samOn(base, { ...options, match: ({ name, rank }) => rank < 2 || /weight[bd]$/.test(name) }),
    skip: { configuration: 'no configuration holds the function match' },
  },
  { name: 'layer-sam', create: layerSam },
  {
    name: 'sl-sam',
    refusesRuns: 'its scores are of whole variables',
    create: (base, options) => slSam(base, { ...options, share: 1 }),
  },
];
