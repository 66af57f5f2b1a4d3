import type { Feature } from '../../feature.js';
import { padAxes } from './many-axes.js';
import { mirrorPadGradient } from './mirror.js';

/** Padding. */
export const padFeature: Feature = {
  kernels: [{ name: 'PadV2', composed: padAxes }],
  gradients: [mirrorPadGradient],
  gradientRepairs: [{ op: '`mirrorPad`', wrong: 'drops what was mirrored' }],
};
