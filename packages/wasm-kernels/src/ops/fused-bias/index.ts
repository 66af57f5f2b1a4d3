import { add, engine, reshape, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Feature } from '../../feature.js';
import { activate, type FusedAttributes } from '../../fused-activation.js';
import { attributes, input, type KernelCall, sizeOf, type TrainingKernel } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

interface Attributes extends FusedAttributes {
  readonly dataFormat?: string;
}

/** A bias or slopes where a fused kernel of TensorFlow.js takes them: none, or a vector as long as its output's rows. */
const isVector = (tensor: TensorInfo | undefined, channels: number): boolean =>
  !tensor || (tensor.shape.length === 1 && tensor.shape[0] === channels);

/** A vector for the channels of images that have them first. */
const aligned = (x: Tensor, channelsFirst: boolean): Tensor =>
  channelsFirst && x.rank === 1 && x.size > 1 ? reshape(x, [x.size, 1, 1]) : x;

/** A fused kernel of its operations, where bias or slopes are no vectors or the channels come first. */
const unfused = (
  name: string,
  plain: string,
  operands: readonly [string, string],
  channelsOf: (call: KernelCall) => number,
): TrainingKernel => ({
  name,
  composed: (call) => {
    const { activation, leakyreluAlpha, dataFormat } = attributes<Attributes>(call);
    const { bias, preluActivationWeights: slopes } = call.inputs;
    const channelsFirst = dataFormat === 'NCHW';
    const channels = channelsOf(call);
    if (!channelsFirst && isVector(bias, channels) && isVector(slopes, channels)) return undefined;
    const names = Object.keys(call.inputs).filter((key) => call.inputs[key]);
    return compose(call, names, (tensors) => {
      const [left, right] = operands;
      const inputs = { [left]: tensors[left]!, [right]: tensors[right]! };
      const product: Tensor = engine().runKernel(plain, inputs, { ...call.attrs, activation: 'linear' });
      const z = tensors.bias ? add(product, aligned(tensors.bias, channelsFirst)) : product;
      const alphas = tensors.preluActivationWeights;
      return activate(z, activation ?? 'linear', alphas && aligned(alphas, channelsFirst), leakyreluAlpha);
    });
  },
});

const lastLength = (call: KernelCall): number => input(call, 'filter').shape.at(-1) ?? 0;

/** Fused products and convolutions with a bias, or slopes, of any rank. */
export const fusedBiasFeature: Feature = {
  kernels: [
    unfused('FusedConv2D', 'Conv2D', ['x', 'filter'], lastLength),
    unfused('FusedDepthwiseConv2D', 'DepthwiseConv2dNative', ['x', 'filter'], (call) =>
      sizeOf(input(call, 'filter').shape.slice(2)),
    ),
    unfused('_FusedMatMul', 'BatchMatMul', ['a', 'b'], (call) => {
      const { transposeB } = attributes<FusedAttributes>(call);
      return input(call, 'b').shape.at(transposeB ? -2 : -1) ?? 0;
    }),
  ],
  repairs: [
    {
      op: '`tf.fused.matMul`, `tf.fused.conv2d`, `tf.fused.depthwiseConv2d` with a bias or slopes that are no vector',
      wrong: 'throw, or take the slopes in a wrong order',
    },
  ],
};
