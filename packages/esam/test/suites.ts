import type { VariantSuite } from '@tfjs-sam/testing';
import { esam, focalSam, kSam, rwSam } from '../src/index.js';

const examples = true;
const chosen = 'it descends some of the examples alone';

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  { name: 'esam', refusesRuns: 'it looks at examples', create: esam, examples, skip: { 'rho 0': chosen } },
  {
    name: 'esam, by variable',
    refusesRuns: 'it looks at examples',
    create: (base, options) => esam(base, { ...options, mask: 'variable' }),
    examples,
    skip: { 'rho 0': chosen },
  },
  { name: 'k-sam', refusesRuns: 'it looks at examples', create: kSam, examples, skip: { 'rho 0': chosen } },
  { name: 'rw-sam', refusesRuns: 'it looks at examples', create: rwSam, examples },
  { name: 'focal-sam', refusesRuns: 'it looks at examples', create: focalSam, examples },
];
