import type { TrainingKernel } from '../../kernel.js';
import { fromCpu } from '../../on-cpu.js';

/** Kernels of ragged tensors, which TensorFlow.js's wasm backend lacks. */
export const raggedKernels: readonly TrainingKernel[] = [
  'RaggedGather',
  'RaggedRange',
  'RaggedTensorToTensor',
].map((name) => fromCpu(name));
