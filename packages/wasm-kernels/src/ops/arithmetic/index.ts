import type { Feature } from '../../feature.js';
import { extrema } from './extrema.js';
import { arithmeticGradients } from './gradients.js';
import { manyAxes } from './many-axes.js';
import { modByZero } from './mod.js';

/** Arithmetic between tensors. */
export const arithmeticFeature: Feature = {
  kernels: [...manyAxes, ...extrema, { name: 'Mod', composed: modByZero }],
  gradients: arithmeticGradients,
  repairs: [
    { op: '`maximum`, `minimum`', wrong: 'drop NaN in the second operand' },
    { op: '`mod` of whole numbers by 0', wrong: 'a trap of WebAssembly', fix: '0, as on cpu' },
    {
      op: '`add`, `sub`, `mul`, `div`, `squaredDifference`, `pad` of rank 7 and more, and so many gradients',
      wrong: 'whatever the heap held before',
    },
  ],
  gradientRepairs: [
    { op: '`maximum`, `minimum`, `squaredDifference` of shapes that are broadcast', wrong: 'throws' },
  ],
};
