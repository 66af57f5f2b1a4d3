import type { TrainingKernel } from '../../kernel.js';
import { fromCpu } from '../../on-cpu.js';

const comparisons = ['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual'];

/** Kernels of strings that TensorFlow.js's wasm backend lacks, or answers with whatever the heap held. */
export const stringKernels: readonly TrainingKernel[] = [
  fromCpu('StaticRegexReplace'),
  ...comparisons.map((name) => fromCpu(name, ({ inputs }) => inputs.a?.dtype === 'string')),
  ...['Tile', 'GatherV2', 'Transpose', 'Reverse', 'PadV2'].map((name) =>
    fromCpu(name, ({ inputs }) => inputs.x?.dtype === 'string'),
  ),
  fromCpu('SparseToDense', ({ inputs }) => inputs.sparseValues?.dtype === 'string'),
  fromCpu('ScatterNd', ({ inputs }) => inputs.updates?.dtype === 'string'),
  fromCpu('GatherNd', ({ inputs }) => inputs.params?.dtype === 'string'),
  fromCpu('Fill', ({ attrs }) => typeof attrs.value === 'string'),
];
