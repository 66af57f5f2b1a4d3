import type { Feature } from '../../feature.js';
import { broadcastPrelu } from './prelu.js';

/** The parametric ReLU. */
export const preluFeature: Feature = {
  kernels: [{ name: 'Prelu', composed: broadcastPrelu }],
  repairs: [
    {
      op: "`prelu` with slopes that are broadcast along inner axes, as a layer's `sharedAxes` asks for, and its gradients",
      wrong: 'the slopes are taken in a wrong order',
    },
  ],
};
