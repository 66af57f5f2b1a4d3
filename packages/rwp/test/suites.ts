import type { VariantSuite } from '@tfjs-sam/testing';
import { arwp, lpfSgd, mRwp, rSam, rwp, tsam } from '../src/index.js';

const noisy = { 'rho 0': 'the noise stays' };

/** The suite's options but for the radius, of which these have none. */
const withoutRho =
  (create: typeof rwp): VariantSuite['create'] =>
  (base, { rho: _, ...options } = {}) =>
    create(base, options);

/** What the conformance suite runs. */
export const suites: readonly VariantSuite[] = [
  {
    name: 'rwp',
    create: withoutRho(rwp),
    skip: noisy,
  },
  {
    name: 'arwp',
    create: (base, options) => withoutRho(arwp)(base, options),
    skip: noisy,
  },
  {
    name: 'm-rwp',
    create: withoutRho(mRwp),
    skip: noisy,
  },
  {
    name: 'lpf-sgd',
    create: (base, options) => withoutRho(lpfSgd)(base, options),
    skip: noisy,
  },
  { name: 'r-sam', create: rSam },
  { name: 'tsam', create: (base, options) => tsam(base, { ...options, noiseScale: 0.1 }), skip: noisy },
];
