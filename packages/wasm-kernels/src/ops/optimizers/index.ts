import type { Feature } from '../../feature.js';
import { fusedOptimizers } from './optimizers.js';
import * as vectors from './vectors.js';

/** Vectors of all parameters, and TensorFlow.js's optimizers on them. */
export const optimizersFeature: Feature = {
  kernels: [
    { name: 'SamNorm', side: vectors.norm },
    { name: 'SamDot', side: vectors.dot },
    { name: 'SamScale', side: vectors.scale },
    { name: 'SamAscentScale', side: vectors.ascentScale },
    { name: 'SamAxpy', side: vectors.axpy },
    { name: 'SamChoose', side: vectors.choose },
    { name: 'SamSgd', side: vectors.sgd },
    { name: 'SamAdamW', side: vectors.adamw },
  ],
  layers: fusedOptimizers,
};
