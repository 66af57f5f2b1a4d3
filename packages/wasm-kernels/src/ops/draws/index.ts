import type { Feature } from '../../feature.js';
import { draws } from './draws.js';

/** Random numbers for optimizers. */
export const drawsFeature: Feature = { kernels: [{ name: 'SamDraw', composed: draws }] };
