import type { Feature } from '../../feature.js';
import { softmaxGradients } from './loss.js';
import * as side from './side.js';

/** The cross-entropy of a softmax. */
export const softmaxFeature: Feature = {
  kernels: [
    { name: 'SamSoftmaxCrossEntropy', side: side.softmaxCrossEntropy },
    { name: 'SamSoftmaxCrossEntropyGrad', side: side.softmaxCrossEntropyGradient },
  ],
  gradients: softmaxGradients,
};
