import type { Feature } from '../../feature.js';
import { fromCpu } from '../../on-cpu.js';

/** Kernels of ragged tensors. */
export const raggedFeature: Feature = {
  kernels: ['RaggedGather', 'RaggedRange', 'RaggedTensorToTensor'].map((name) => fromCpu(name)),
};
