import type { Feature } from '../../feature.js';
import { refusePredicates } from './booleans.js';
import { predicateGradients, reconnectedGradients, rewrittenGradients } from './gradients.js';

/** Gradients whose own derivatives are right. */
export const secondDerivativesFeature: Feature = {
  gradients: [...predicateGradients, ...reconnectedGradients, ...rewrittenGradients],
  layers: [refusePredicates],
  gradientRepairs: [
    {
      op: 'gradients of gradients of `exp`, `tanh`, `sigmoid`, `softmax`, `elu`, `pow`',
      wrong: 'a term is missing, because the output is taken for a constant',
    },
    {
      op: "`where` on a comparison of what is differentiated; gradients of gradients of maxima, clipping and `hardSigmoid` (an LSTM layer's)",
      wrong: 'throws',
    },
  ],
};
