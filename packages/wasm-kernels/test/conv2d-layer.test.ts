import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { expectLikeCpu, random, spoiled, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { applyConv2d, type ConvOptions } from './layer-gradients.js';
import { kernelsOfLayer } from './layer-tools.js';

type ConvArguments = Parameters<typeof tf.layers.conv2d>[0];
/** The output inside of a gradient, and the gradients of half its squares with respect to x, kernel and bias. */
function outputAndGradients(options: ConvOptions) {
  return (...inputs: tf.Tensor[]): tf.Tensor[] => {
    let y: tf.Tensor | undefined;
    const loss = (...[x, ...weights]: tf.Tensor[]) => {
      y = tf.keep(applyConv2d(options, x!, weights));
      return tf.mul(0.5, tf.sum(tf.square(y)));
    };
    const { grads } = tf.valueAndGrads(loss)(inputs);
    return [y!, ...grads];
  };
}

/** x, kernel and bias. */
const valuesOf = (image: number[], kernel: number[]): Values[] =>
  [image, kernel, [kernel[3]!]].map((shape, i) => random(image.length + i, shape));

const images: [image: number[], kernel: number[]][] = [
  [[1, 1, 1, 1], [1, 1, 1, 1]],
  [[2, 5, 7, 3], [3, 3, 3, 4]],
  [[3, 6, 4, 1], [2, 3, 1, 9]],
  [[1, 9, 9, 31], [3, 3, 31, 17]],
  [[2, 12, 3, 5], [5, 1, 5, 8]],
  [[2, 6, 6, 2], [1, 1, 2, 515]],
]; // biome-ignore format: a table

onEveryImplementation('a convolution with ReLU', () => {
  it.each(images)('has the values and gradients of cpu for %j and %j', async (image, kernel) => {
    for (const padding of ['same', 'valid'] as const) {
      for (const strides of [1, 2, [2, 1] as [number, number]]) {
        const terms = 40 + kernel[0]! * kernel[1]! * (kernel[2]! + kernel[3]!) + image[0]! * 144;
        const f = outputAndGradients({ padding, strides });
        await expectLikeCpu(`${padding} ${strides}`, valuesOf(image, kernel), terms, f);
      }
    }
  });

  it('passes on what is not finite', async () => {
    const [, kernel, bias] = valuesOf([2, 5, 5, 3], [3, 3, 3, 4]) as [Values, Values, Values];
    const values = [spoiled(1, [2, 5, 5, 3], 29), kernel, bias];
    await expectLikeCpu('NaN', values, 60, (...t) => outputAndGradients({})(...t).slice(0, 1));
  });

  it.each<[string, ConvOptions, number]>([
    ['dilation', { dilationRate: 2 }, 2],
    ['another activation', { activation: 'tanh' }, 4],
    ['no bias', { useBias: false }, 4],
  ])('leaves %s to the Layers API', async (_, options, outputs) => {
    const values = valuesOf([2, 7, 7, 3], [3, 3, 3, 4]).slice(0, options.useBias === false ? 2 : 3);
    const forward = (...[x, ...weights]: tf.Tensor[]) => [applyConv2d(options, x!, weights)];
    await expectLikeCpu('left', values, 200, outputs > 2 ? outputAndGradients(options) : forward);
  });

  it('has second derivatives', async () => {
    const f = (...[x, kernel, bias]: tf.Tensor[]): tf.Tensor[] => {
      const inner = (x: tf.Tensor) => tf.sum(tf.square(applyConv2d({}, x, [kernel!, bias!])));
      return [tf.grad((x) => tf.sum(tf.square(tf.grad(inner)(x))))(x!)];
    };
    await expectLikeCpu('twice', valuesOf([1, 4, 4, 2], [3, 3, 2, 3]), 2000, f);
  });
});

describe('a convolution in a model', () => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await registerTrainingKernels();
  });

  const kernelsOf = (options: ConvOptions, training: boolean) => {
    const args: ConvArguments = { filters: 3, kernelSize: 3, activation: 'relu', inputShape: [4, 4, 2] };
    return kernelsOfLayer(tf.layers.conv2d({ ...args, ...options }), [2, 4, 4, 2], { training });
  };

  it('runs on the fused kernel in training, where that does what the layer does', async () => {
    expect(await kernelsOf({}, true)).toContain('SamConv2D');
    expect(await kernelsOf({}, true)).not.toContain('Relu');
    for (const options of [{ useBias: false }, { activation: 'tanh' as const }])
      expect(await kernelsOf(options, true)).not.toContain('SamConv2D');
    expect(await kernelsOf({}, false)).not.toContain('SamConv2D');
  });
});
