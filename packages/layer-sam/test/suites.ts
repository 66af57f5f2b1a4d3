import type { VariantSuite } from '@tfjs-sam/testing';
import { layerSam, layerwiseAsam, samOn, signAsam } from '../src/index.js';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'layerwise-asam', create: layerwiseAsam },
  { name: 'sign-asam', create: signAsam },
  {
    name: 'sam-on',
    create: (base, options) => samOn(base, { ...options, match: ({ rank }) => rank < 2 }),
    skip: { configuration: 'no configuration holds the function match' },
  },
  { name: 'layer-sam', create: layerSam },
];
