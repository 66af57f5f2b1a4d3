import type { Feature } from '../../feature.js';
import { attentionGradients } from './attention.js';
import * as side from './side.js';

/** Scaled dot-product attention. */
export const attentionFeature: Feature = {
  kernels: [
    { name: 'SamAttention', side: side.attention },
    { name: 'SamAttentionGrad', side: side.attentionGradient },
    { name: 'SamMaskedAttention', side: side.attention },
    { name: 'SamMaskedAttentionGrad', side: side.attentionGradient },
  ],
  gradients: attentionGradients,
};
