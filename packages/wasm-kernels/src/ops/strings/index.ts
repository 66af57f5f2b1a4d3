import type { Feature } from '../../feature.js';
import { fromCpu } from '../../on-cpu.js';

const comparisons = ['Equal', 'NotEqual', 'Less', 'LessEqual', 'Greater', 'GreaterEqual'];

/** Kernels of strings. */
export const stringsFeature: Feature = {
  kernels: [
    fromCpu('StaticRegexReplace'),
    ...comparisons.map((name) => fromCpu(name, ({ inputs }) => inputs.a?.dtype === 'string')),
    ...['Tile', 'GatherV2', 'Transpose', 'Reverse', 'PadV2'].map((name) =>
      fromCpu(name, ({ inputs }) => inputs.x?.dtype === 'string'),
    ),
    fromCpu('SparseToDense', ({ inputs }) => inputs.sparseValues?.dtype === 'string'),
    fromCpu('ScatterNd', ({ inputs }) => inputs.updates?.dtype === 'string'),
    fromCpu('GatherNd', ({ inputs }) => inputs.params?.dtype === 'string'),
    fromCpu('Fill', ({ attrs }) => typeof attrs.value === 'string'),
  ],
  repairs: [
    { op: 'comparisons of strings', wrong: 'what the heap held before' },
    { op: '`tile`, `sparseToDense` and others of strings', wrong: 'stop with an abort of WebAssembly' },
  ],
};
