import {
  add,
  type GradConfig,
  gatherND,
  range,
  reshape,
  scatterND,
  sub,
  sum,
  type Tensor,
  tensorScatterUpdate,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { Feature } from '../../feature.js';
import { sizeOf } from '../../kernel.js';
import { stridedSliceGradient } from './strided-slice.js';

const gatherGradient: GradConfig = {
  kernelName: 'GatherNd',
  inputsToSave: ['params', 'indices'],
  gradFunc: (dy, [params, indices]) => ({
    params: () => scatterND(indices!, dy as Tensor, params!.shape),
  }),
};

const scatterGradient: GradConfig = {
  kernelName: 'ScatterNd',
  inputsToSave: ['indices'],
  gradFunc: (dy, [indices]) => ({ updates: () => gatherND(dy as Tensor, indices!) }),
};

const updateGradient: GradConfig = {
  kernelName: 'TensorScatterUpdate',
  inputsToSave: ['indices', 'updates'],
  gradFunc: (dy, [indices, updates]) => ({
    tensor: () => tensorScatterUpdate(dy as Tensor, indices!, zerosLike(updates!)),
    updates: () => gatherND(dy as Tensor, indices!),
  }),
};

/** The filling of a sparse tensor elsewhere, and its values, one for all or one each. */
const sparseGradient: GradConfig = {
  kernelName: 'SparseToDense',
  inputsToSave: ['sparseIndices', 'sparseValues'],
  gradFunc: (dy, [indices, values]) => {
    const places = indices!.rank < 2 ? reshape(indices!, [-1, 1]) : indices!;
    const taken = (): Tensor => gatherND(dy as Tensor, places);
    return {
      sparseValues: () => (values!.rank === 0 ? sum(taken()) : taken()),
      defaultValue: () => sub(sum(dy as Tensor), sum(taken())),
    };
  },
};

/** dy at the places that the values came from: rows of one vector. */
function topkGradient(dy: Tensor, x: Tensor, indices: Tensor): Tensor {
  const columns = x.shape.at(-1)!;
  const rows = x.size / columns;
  const starts = reshape(range(0, rows * columns, columns, 'int32'), [...x.shape.slice(0, -1), 1]);
  const places = reshape(add(starts, indices), [-1, 1]);
  return reshape(scatterND(places, reshape(dy, [sizeOf(dy.shape)]), [x.size]), x.shape);
}

const topk: GradConfig = {
  kernelName: 'TopK',
  inputsToSave: ['x'],
  outputsToSave: [false, true],
  gradFunc: (dys, [x, indices]) => ({ x: () => topkGradient((dys as Tensor[])[0]!, x!, indices!) }),
};

/** Reading and writing at indices. */
export const indexingFeature: Feature = {
  gradients: [gatherGradient, scatterGradient, updateGradient, sparseGradient, topk, stridedSliceGradient],
  gradientRepairs: [
    {
      op: '`gatherND`, `scatterND`, `tensorScatterUpdate`, `sparseToDense`, `topk`, `stridedSlice`',
      wrong: 'have no gradient',
    },
  ],
};
