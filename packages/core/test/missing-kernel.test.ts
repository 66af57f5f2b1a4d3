import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { clipByValue, sgd, sharpnessAware, withWeightDecay } from '@tfjs-sam/core';
import { beforeAll, describe, expect, it } from 'vitest';

// TensorFlow.js's wasm backend as it ships, without the training kernels of this project.
describe('a kernel that the backend lacks', () => {
  beforeAll(async () => {
    expect(await tf.setBackend('wasm')).toBe(true);
  });

  it.each<[string, tf.layers.Layer, string]>([
    [
      'of a convolution',
      tf.layers.conv2d({ filters: 2, kernelSize: 2, inputShape: [4, 4, 1], name: 'edges' }),
      'backend "wasm": expected a kernel "Conv2DBackpropFilter" for the gradient of variable "edges/kernel" of layer "edges", got none. To train with it, call prepareBackend() of @tfjs-sam/backends',
    ],
    [
      'of an embedding',
      tf.layers.embedding({ inputDim: 5, outputDim: 3, inputShape: [4], name: 'words' }),
      'expected a kernel "UnsortedSegmentSum" for the gradient of variable "words/embeddings" of layer "words", got none',
    ],
  ])('%s is named, with its layer and the remedy', async (_name, layer, message) => {
    const model = tf.sequential({ layers: [layer, tf.layers.flatten(), tf.layers.dense({ units: 1 })] });
    model.compile({ optimizer: sharpnessAware(sgd({ learningRate: 0.1 })), loss: 'meanSquaredError' });
    const shape = [3, ...(layer.batchInputShape.slice(1) as number[])];
    const [x, y] = [tf.ones(shape), tf.ones([3, 1])];
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(message);
    tf.dispose([x, y]);
    model.dispose();
  });

  it('of the gradient of a layer without weights is named, on a backend that lacks it', async () => {
    tf.registerBackend('no-pool', tf.findBackendFactory('cpu')!);
    tf.copyRegisteredKernels('cpu', 'no-pool');
    tf.unregisterKernel('MaxPoolGrad', 'no-pool');
    await tf.setBackend('no-pool');
    const pool = (name: string) => tf.layers.maxPooling2d({ poolSize: 2, name });
    const frozen = tf.layers.conv2d({ filters: 1, kernelSize: 1, inputShape: [8, 8, 1], trainable: false });
    const conv = tf.layers.conv2d({ filters: 2, kernelSize: 1, name: 'edges' });
    const model = tf.sequential({ layers: [frozen, pool('early'), conv, pool('late'), tf.layers.flatten()] });
    model.compile({ optimizer: sharpnessAware(sgd({ learningRate: 0.1 })), loss: 'meanSquaredError' });
    const [x, y] = [tf.ones([2, 8, 8, 1]), tf.ones([2, 8])];
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(
      'backend "no-pool": expected a kernel "MaxPoolGrad" for the gradient of maxpool of layer "late", got none. To train',
    );
    tf.dispose([x, y]);
    model.dispose();
    tf.removeBackend('no-pool');
    await tf.setBackend('wasm');
  });

  /** A layer in whose forward pass the backend lacks a kernel. */
  class Spectrum extends tf.layers.Layer {
    static className = 'Spectrum';
    override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
      const [input] = Array.isArray(inputs) ? inputs : [inputs];
      return tf.abs(tf.complex(input!, tf.zerosLike(input!)));
    }
  }
  const dense = (name: string, inputShape?: number[]) =>
    tf.layers.dense({ units: 3, name, ...(inputShape && { inputShape }) });
  const forwardCases: Readonly<Record<string, [string, () => tf.LayersModel]>> = {
    'of a layer of one’s own': [
      'for layer "spectrum" in "net"',
      () => tf.sequential({ layers: [dense('a', [4]), new Spectrum({ name: 'spectrum' }), dense('b')] }),
    ],
    'of a layer in a model that is a layer': [
      'for layer "spectrum" in "inner" in "net"',
      () => {
        const inner = tf.sequential({ layers: [new Spectrum({ name: 'spectrum', inputShape: [3] })] });
        inner.name = 'inner';
        return tf.sequential({ layers: [dense('a', [4]), inner, dense('b')] });
      },
    ],
    'of a layer that is applied at every time': [
      'for layer "spectrum" in "each" in "net"',
      () =>
        tf.sequential({
          layers: [
            tf.layers.timeDistributed({
              layer: new Spectrum({ name: 'spectrum' }),
              name: 'each',
              inputShape: [2, 4],
            }),
          ],
        }),
    ],
  };

  it.each(Object.keys(forwardCases))('in the forward pass %s is named, with the remedy', async (name) => {
    const [where, make] = forwardCases[name]!;
    tf.serialization.registerClass(Spectrum);
    const model = make();
    model.name = 'net';
    // A layer without weights alone has nothing to train.
    const scale = tf.variable(tf.scalar(2), true);
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }));
    const x = tf.ones([3, ...(model.inputs[0]!.shape.slice(1) as number[])]);
    const methods = [tf.layers.Layer.prototype.apply, Spectrum.prototype.call];
    const before = { ...tf.memory(), weights: model.getWeights().map((weight) => [...weight.dataSync()]) };
    const loss = () => tf.mul(scale, tf.mean(model.apply(x, { training: true }) as tf.Tensor)) as tf.Scalar;
    expect(() => optimizer.minimize(loss)).toThrow(
      `backend "wasm": expected a kernel "Complex" ${where}, got none. To train with it, call`,
    );
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(model.getWeights().map((weight) => [...weight.dataSync()])).toEqual(before.weights);
    expect([tf.layers.Layer.prototype.apply, Spectrum.prototype.call]).toEqual(methods);
    tf.dispose([x, scale]);
    model.dispose();
    optimizer.dispose();
  });

  it('in the forward pass of model.fit is named, on a backend that lacks what an LSTM needs', async () => {
    tf.registerBackend('partial', tf.findBackendFactory('cpu')!);
    tf.copyRegisteredKernels('cpu', 'partial');
    tf.unregisterKernel('Tanh', 'partial');
    await tf.setBackend('partial');
    const memory = tf.layers.lstm({ units: 2, inputShape: [3, 2], name: 'memory' });
    const model = tf.sequential({ layers: [memory] });
    model.compile({ optimizer: sharpnessAware(sgd({ learningRate: 0.1 })), loss: 'meanSquaredError' });
    const [x, y] = [tf.ones([4, 3, 2]), tf.ones([4, 2])];
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(
      'backend "partial": expected a kernel "Tanh" for layer "memory", got none. To train with it, tf.setBackend(\'wasm\') or tf.setBackend(\'cpu\').',
    );
    tf.dispose([x, y]);
    model.dispose();
    tf.removeBackend('partial');
    await tf.setBackend('wasm');
  });

  it('in the forward pass of model.fit is named, and running the loss again leaves no trace', async () => {
    const normalise = tf.layers.batchNormalization({ inputShape: [4], name: 'normalise' });
    const model = tf.sequential({ layers: [normalise, new Spectrum({ name: 'spectrum' })] });
    model.compile({ optimizer: sharpnessAware(sgd({ learningRate: 0.1 })), loss: 'meanSquaredError' });
    const [x, y] = [tf.ones([3, 4]), tf.ones([3, 4])];
    await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(
      'expected a kernel "Complex" for layer "spectrum", got none',
    );
    // The step failed: the mean is where it was.
    expect(model.getWeights()[2]!.dataSync()[0]).toBe(0);
    tf.dispose([x, y]);
    model.dispose();
  });

  it.each<[string, () => tf.Optimizer]>([
    ['core’s sgd', () => sgd({ learningRate: 0.1 })],
    ['a wrapper', () => withWeightDecay(tf.train.adam(0.1), { weightDecay: 0.1 })],
    ['a wrapper that changes gradients', () => clipByValue(tf.train.adam(0.1), 1)],
  ])('is named also without SAM, by %s', async (_, make) => {
    for (const [layer, message] of [
      [new Spectrum({ name: 'spectrum' }), '"Complex" for layer "spectrum", got none'],
      [
        tf.layers.conv1d({ filters: 1, kernelSize: 1, name: 'edges' }),
        '"Conv2DBackpropFilter" for the gradient of conv2d of layer "edges", got none',
      ],
    ] as const) {
      const model = tf.sequential({
        layers: [dense('first', [4, 4]), layer, tf.layers.flatten(), dense('last')],
      });
      const optimizer = make();
      model.compile({ optimizer, loss: 'meanSquaredError' });
      const [x, y] = [tf.ones([2, 4, 4]), tf.ones([2, 3])];
      await expect(model.fit(x, y, { verbose: 0 })).rejects.toThrow(message);
      tf.dispose([x, y]);
      model.dispose();
      optimizer.dispose();
    }
  });

  it('in the forward pass is named, with a backend that has it', () => {
    const weight = tf.variable(tf.ones([4]));
    const loss = () => tf.sum(tf.abs(tf.real(tf.fft(tf.complex(weight, weight))))) as tf.Scalar;
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }));
    const { numTensors } = tf.memory();
    let caught: unknown;
    try {
      optimizer.minimize(loss, false, [weight]);
    } catch (error) {
      caught = error;
    }
    expect((caught as Error).message).toContain(
      'backend "wasm": expected a kernel "Complex" for the loss, outside of any layer, got none.',
    );
    expect((caught as Error).message).toContain("or tf.setBackend('cpu').");
    expect(((caught as Error).cause as Error).message).toContain("Kernel 'Complex' not registered");
    expect(tf.memory().numTensors).toBe(numTensors);
    weight.dispose();
    optimizer.dispose();
  });
});
