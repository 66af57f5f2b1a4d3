import type { Feature } from '../../feature.js';
import { modelSave } from './model-save.js';

/** Saving a model with its optimizer. */
export const modelSaveFeature: Feature = {
  layers: [modelSave],
  gradientRepairs: [
    {
      op: '`model.save` with `includeOptimizer`',
      wrong: 'leaks the optimizer’s count of steps at each call',
    },
  ],
};
