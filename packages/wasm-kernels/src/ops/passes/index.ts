import type { Feature } from '../../feature.js';
import { pass } from './pass.js';

/** Elementwise formulas over vectors of all parameters. */
export const passesFeature: Feature = { kernels: [{ name: 'SamPass', side: pass }] };
