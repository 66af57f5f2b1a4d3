import type { Feature } from '../../feature.js';
import * as clip from './clip.js';
import { reluGradientKernel, reluGradients } from './relu-gradient.js';
import * as side from './side.js';
import { unary } from './types.js';

/** Operations on one tensor, element by element. */
export const elementwiseFeature: Feature = {
  kernels: [
    { name: 'Tanh', side: side.tanh },
    { name: 'Sign', composed: clip.sign },
    { name: 'Log1p', composed: clip.log1p },
    { name: 'Relu', side: side.relu, composed: clip.relu },
    { name: 'Relu6', side: side.relu6, composed: clip.relu6 },
    { name: 'ClipByValue', side: side.clipByValue, composed: clip.clipByValue },
    { name: 'SamReluGrad', side: reluGradientKernel },
    ...unary,
  ],
  gradients: reluGradients,
  repairs: [
    { op: '`relu`', wrong: 'turns NaN of a negative sign, as ∞ − ∞ and 0 · ∞ give it, into 0' },
    { op: '`relu6`, `clipByValue`', wrong: 'turn NaN into the lower bound' },
    { op: '`sign`', wrong: 'takes small numbers for 0' },
    { op: '`log1p`', wrong: 'the logarithm of a rounded 1 + x: 0 of a small x' },
    {
      op: '25 operations on one tensor, among them `abs`, `exp`, `neg`, `relu`, `sign`, `square`, `step`, and `where` and `reverse`, of booleans',
      wrong:
        'read and write four bytes for each boolean of one byte: wrong answers, and whatever lies behind is overwritten, until some kernel stops with "memory access out of bounds"',
    },
    {
      op: '`clipByValue`, `reciprocal`, `log1p`, `sinh`, the inverse trigonometric and hyperbolic functions, `isNaN`, `isFinite` of whole numbers',
      wrong: "take their bits for a float's",
    },
  ],
};
