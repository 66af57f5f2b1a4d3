import {
  conv3d,
  engine,
  type GradConfig,
  type NamedAttrMap,
  type Tensor,
  type Tensor5D,
} from '@tensorflow/tfjs-core';

interface Attributes {
  readonly strides: [number, number, number] | number;
  readonly pad: 'same' | 'valid';
}

const forward = (x: Tensor, filter: Tensor, attrs: NamedAttrMap): Tensor => {
  const { strides, pad } = attrs as unknown as Attributes;
  return conv3d(x as Tensor5D, filter as Tensor5D, strides, pad);
};

const inputGradient = (shape: number[], dy: Tensor, filter: Tensor, { strides, pad }: NamedAttrMap): Tensor =>
  engine().runKernel('Conv3DBackpropInputV2', { dy, filter }, {
    strides,
    pad,
    inputShape: shape,
  } as NamedAttrMap);

const filterGradient = (x: Tensor, dy: Tensor, shape: number[], { strides, pad }: NamedAttrMap): Tensor =>
  engine().runKernel('Conv3DBackpropFilterV2', { x, dy }, {
    strides,
    pad,
    filterShape: shape,
  } as NamedAttrMap);

/** Gradients of the gradients of convolutions of volumes: of transposed convolutions, too. */
export const secondGradients: readonly GradConfig[] = [
  {
    kernelName: 'Conv3DBackpropInputV2',
    inputsToSave: ['dy', 'filter'],
    gradFunc: (ddx, [dy, filter], attrs) => ({
      dy: () => forward(ddx as Tensor, filter!, attrs),
      filter: () => filterGradient(ddx as Tensor, dy!, filter!.shape, attrs),
    }),
  },
  {
    kernelName: 'Conv3DBackpropFilterV2',
    inputsToSave: ['x', 'dy'],
    gradFunc: (ddFilter, [x, dy], attrs) => ({
      x: () => inputGradient(x!.shape, dy!, ddFilter as Tensor, attrs),
      dy: () => forward(x!, ddFilter as Tensor, attrs),
    }),
  },
];
