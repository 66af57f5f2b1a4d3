import { concat, type GradConfig, stack, type Tensor } from '@tensorflow/tfjs-core';

/** A kernel's gradients as a list: TensorFlow.js hands over a single one bare. */
const listOf = (dys: Tensor | Tensor[]): Tensor[] => (Array.isArray(dys) ? dys : [dys]);

/** The gradients of splitting, also into a single part, where TensorFlow.js's own throw. */
export const splitGradients: readonly GradConfig[] = [
  {
    kernelName: 'Unpack',
    gradFunc: (dys, _saved, { axis }) => ({ value: () => stack(listOf(dys), axis as number) }),
  },
  {
    kernelName: 'SplitV',
    gradFunc: (dys, _saved, { axis }) => ({ x: () => concat(listOf(dys), axis as number) }),
  },
];
