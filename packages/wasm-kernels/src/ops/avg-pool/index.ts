import type { Feature } from '../../feature.js';
import { avgPoolGradients } from './gradient.js';
import { secondGradients } from './second.js';
import { avgPoolGradient } from './side.js';

/** Average pooling. */
export const avgPoolFeature: Feature = {
  kernels: [{ name: 'AvgPoolGrad', side: avgPoolGradient }],
  gradients: [...avgPoolGradients, ...secondGradients],
  gradientRepairs: [
    {
      op: '`avgPool`, `avgPool3d`',
      wrong:
        'divides by the whole window where it hangs over a padded border, the pooling itself by the part inside (tfjs-node, which has it right, is left as it is)',
    },
  ],
};
