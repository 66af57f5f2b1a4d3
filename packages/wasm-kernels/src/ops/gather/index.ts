import type { Feature } from '../../feature.js';
import { gatherInBatches } from './gather.js';
import { gather } from './side.js';

/** Gathering by index. */
export const gatherFeature: Feature = {
  kernels: [{ name: 'GatherV2', side: gather, composed: gatherInBatches }],
  repairs: [
    {
      op: '`gather` with `batchDims`, or from an empty tensor',
      wrong: 'a trap of WebAssembly; a wrong shape',
    },
  ],
};
