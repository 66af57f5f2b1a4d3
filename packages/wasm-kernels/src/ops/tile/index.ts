import type { Feature } from '../../feature.js';
import { tile as composed } from './composed.js';
import { tileGradients } from './gradient.js';
import { tile } from './side.js';

/** Repeating a tensor. */
export const tileFeature: Feature = {
  kernels: [{ name: 'Tile', side: tile, composed }],
  gradients: tileGradients,
};
