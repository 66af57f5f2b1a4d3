import { engine, getBackend, type NamedAttrMap, type Tensor } from '@tensorflow/tfjs-core';
import type { DerivedGradient, GradientList } from '../../feature.js';
import {
  type ConvInfo,
  convGeometry,
  depthwiseGeometry,
  type Shape4,
  type WindowAttributes,
} from '../../geometry.js';
import * as depthwise from '../depthwise/composed.js';
import * as dense from './composed.js';

// TensorFlow.js has no gradients of dilated convolutions, and none of the gradients' kernels but one. Kernels of other
// backends know no dilation: there the gradients are made of convolutions.

/** One of the two families of convolutions of images. */
interface Family {
  readonly forward: string;
  readonly input: string;
  readonly filter: string;
  readonly geometry: (x: number[], filter: number[], attrs: WindowAttributes, dy?: number[]) => ConvInfo;
  readonly composed: typeof dense | typeof depthwise;
}

const families: readonly Family[] = [
  {
    ...{ forward: 'Conv2D', input: 'Conv2DBackpropInput', filter: 'Conv2DBackpropFilter' },
    ...{ geometry: convGeometry, composed: dense },
  },
  {
    forward: 'DepthwiseConv2dNative',
    input: 'DepthwiseConv2dNativeBackpropInput',
    filter: 'DepthwiseConv2dNativeBackpropFilter',
    ...{ geometry: depthwiseGeometry, composed: depthwise },
  },
];

const run = (kernelName: string, inputs: Record<string, Tensor>, attrs: object): Tensor =>
  engine().runKernel(kernelName, inputs, { ...attrs } as NamedAttrMap);

const isDilated = ({ dilations = 1 }: WindowAttributes): boolean => [dilations].flat().some((d) => d !== 1);
/** Our kernels know dilation. */
const needsComposing = (attrs: WindowAttributes): boolean => isDilated(attrs) && getBackend() !== 'wasm';

function inputGradient(
  family: Family,
  shape: number[],
  dy: Tensor,
  filter: Tensor,
  attrs: WindowAttributes,
): Tensor {
  const inputShape = shape as Shape4;
  if (!needsComposing(attrs)) return run(family.input, { dy, filter }, { ...attrs, inputShape });
  const info = family.geometry(shape, filter.shape, attrs, dy.shape);
  return family.composed.inputGradientOf(dy, filter, inputShape, info);
}

function filterGradient(
  family: Family,
  x: Tensor,
  dy: Tensor,
  shape: number[],
  attrs: WindowAttributes,
): Tensor {
  const filterShape = shape as Shape4;
  if (!needsComposing(attrs)) return run(family.filter, { x, dy }, { ...attrs, filterShape });
  const info = family.geometry(x.shape, shape, attrs, dy.shape);
  return family.composed.filterGradientOf(x, dy, filterShape, info);
}

/** The convolution that has these gradients. */
const forward = (family: Family, x: Tensor, filter: Tensor, attrs: WindowAttributes): Tensor =>
  run(family.forward, { x, filter }, { dataFormat: 'NHWC', dilations: 1, ...attrs });

/** Gradients of a family, and of its gradients. */
function gradientsOf(family: Family): GradientList {
  const ofDilated: DerivedGradient = {
    kernelName: family.forward,
    derive: (upstream) =>
      upstream && {
        ...upstream,
        gradFunc: (dy, [x, filter], attrs) => {
          const how = attrs as unknown as WindowAttributes;
          if (!isDilated(how) || (how.dataFormat === 'NCHW' && needsComposing(how)))
            return upstream.gradFunc(dy, [x!, filter!], attrs);
          return {
            x: () => inputGradient(family, x!.shape, dy as Tensor, filter!, how),
            filter: () => filterGradient(family, x!, dy as Tensor, filter!.shape, how),
          };
        },
      },
  };
  return [
    ofDilated,
    {
      kernelName: family.input,
      inputsToSave: ['dy', 'filter'],
      gradFunc: (ddx, [dy, filter], attrs) => {
        const how = attrs as unknown as WindowAttributes;
        return {
          dy: () => forward(family, ddx as Tensor, filter!, how),
          filter: () => filterGradient(family, ddx as Tensor, dy!, filter!.shape, how),
        };
      },
    },
    {
      kernelName: family.filter,
      inputsToSave: ['x', 'dy'],
      gradFunc: (ddFilter, [x, dy], attrs) => {
        const how = attrs as unknown as WindowAttributes;
        return {
          x: () => inputGradient(family, x!.shape, dy!, ddFilter as Tensor, how),
          dy: () => forward(family, x!, ddFilter as Tensor, how),
        };
      },
    },
  ];
}

/** Gradients of convolutions of images and of their gradients. */
export const convolutionGradients: GradientList = families.flatMap(gradientsOf);
