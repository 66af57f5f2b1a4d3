import { engine, type GradConfig, type NamedAttrMap, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { isUsable } from '../../availability.js';
import {
  hasMembers,
  inRecordedGradient,
  type LayerCall,
  layerCall,
  onlyInput,
  splitsActivations,
  type Weight,
} from '../../layers.js';
import { reluGradient } from '../elementwise/relu-gradient.js';

/** The gradients of the fused layer. That of its ReLU is taken from the output. */
export const conv2dLayerGradients: readonly GradConfig[] = [
  {
    kernelName: 'SamConv2D',
    inputsToSave: ['x', 'filter'],
    outputsToSave: [true],
    gradFunc: (dy, [x, filter, y], attrs) => {
      const dz = reluGradient(dy as Tensor, y!);
      const run = (name: string, inputs: Record<string, Tensor>, more: NamedAttrMap) =>
        engine().runKernel(name, { dy: dz, ...inputs }, { ...attrs, ...more }) as Tensor;
      return {
        x: () => run('Conv2DBackpropInput', { filter: filter! }, { inputShape: x!.shape }),
        filter: () => run('Conv2DBackpropFilter', { x: x! }, { filterShape: filter!.shape }),
        bias: () => sum(dz, [0, 1, 2]),
      };
    },
  },
];

/** The members that are used of the Layers API's Conv2D. */
interface Conv2dLayer {
  readonly kernel: Weight;
  readonly bias: Weight | null | undefined;
  readonly activation: { getClassName(): string };
  readonly strides: [number, number];
  readonly padding: string;
  readonly dataFormat: string;
  readonly dilationRate: number | number[];
}

/** The layer's input where the fused kernel computes what the layer does: while a gradient is recorded. */
function fittingInput(layer: Conv2dLayer, inputs: Tensor | Tensor[]): Tensor | undefined {
  const x = onlyInput(inputs);
  if (!hasMembers(layer, ['kernel', 'bias'], ['activation'])) return undefined;
  const isDense = [layer.dilationRate].flat().every((rate) => rate === 1);
  const isUsual =
    layer.activation.getClassName() === 'relu' && isDense && layer.dataFormat === 'channelsLast';
  if (x?.rank !== 4 || !isUsual) return undefined;
  const [height, width, channels] = layer.kernel.read().shape as [number, number, number];
  const isLarge = layer.padding === 'same' || (x.shape[1]! >= height && x.shape[2]! >= width);
  const fits = x.size > 0 && x.shape[3] === channels && isLarge;
  const usable = inRecordedGradient() && !splitsActivations() && isUsable('SamConv2D');
  return fits && usable ? x : undefined;
}

function fusedCall(original: LayerCall<Conv2dLayer>): LayerCall<Conv2dLayer> {
  return function call(inputs, kwargs) {
    const x = fittingInput(this, inputs);
    if (!x) return original.call(this, inputs, kwargs);
    return tidy(() => {
      const tensors = { x, filter: this.kernel.read(), bias: this.bias!.read() };
      const window = { strides: this.strides, pad: this.padding, dilations: [1, 1], dataFormat: 'NHWC' };
      return engine().runKernel('SamConv2D', tensors, { ...window, relu: true }) as Tensor;
    });
  };
}

/** Conv2D of the Layers API, which uses the fused kernel in training where it has a bias and ReLU. */
export const conv2dLayer = layerCall('Conv2D', fusedCall);
