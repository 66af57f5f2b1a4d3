import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { type Differentiable, differentiable } from './differentiable.js';
import { check } from './gradient-check.js';

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
});

const image = { shapes: [[2, 6, 4, 2]], range: [-1.5, 1.5] } as const;
/** Of operations on an image. */
const onImage = (name: string, f: (x: tf.Tensor4D) => tf.Tensor): Differentiable => ({
  ...{ name, f: f as Differentiable['f'], range: image.range },
  shapes: image.shapes.map((shape) => [...shape]),
});
const boxes = () =>
  tf.tensor2d([
    [0.1, 0, 0.8, 1],
    [0.93, 0.21, 0.27, 0.58],
  ]);

describe.each(['wasm', 'cpu'])('gradients that TensorFlow.js has not or has wrong, on %s', (backend) => {
  beforeAll(async () => {
    await tf.setBackend(backend);
  });

  it.each([
    onImage('bilinear, half pixels', (x) => tf.image.resizeBilinear(x, [4, 9], false, true)),
    onImage('bilinear, aligned corners', (x) => tf.image.resizeBilinear(x, [3, 1], true)),
    onImage('nearest, half pixels', (x) => tf.image.resizeNearestNeighbor(x, [4, 9], false, true)),
    onImage('nearest, aligned corners', (x) => tf.image.resizeNearestNeighbor(x, [5, 7], true)),
    onImage('crops of nearest pixels', (x) =>
      tf.image.cropAndResize(x, boxes(), tf.tensor1d([1, 0], 'int32'), [3, 1], 'nearest'),
    ),
    ...differentiable.filter(({ name }) => /cumsum|cumprod|gatherND|topk|dilated|conv3dTranspose/.test(name)),
  ])('$name', (operation) => {
    expect(check(operation)).toEqual({ first: 'right', second: 'right' });
  });

  it.runIf(backend === 'wasm')('of a strided slice that drops an axis are right', () => {
    const slice = (x: tf.Tensor4D) =>
      tf.stridedSlice(x, [0, 5, 0, 0], [2, 0, 4, 1], [1, -2, 3, 1], 0, 0, 0, 0, 8);
    expect(check(onImage('', slice))).toEqual({ first: 'right', second: 'right' });
  });

  it('of a running product are right where factors are 0', () => {
    tf.tidy(() => {
      const gradient = tf.grad((x) => tf.cumprod(x))(tf.tensor1d([2, 0, 3, 0, 5]));
      // ∂/∂x₁ of x₀ + x₀x₁ + x₀x₁x₂ + …: 2·(1 + 3 + 0 + 0); of x₃ and x₄ nothing, behind another 0.
      expect([...gradient.dataSync()]).toEqual([1, 8, 0, 0, 0]);
    });
  });

  it('batch normalisation trains without scale or center', async () => {
    for (const without of [{ scale: false }, { center: false }, { scale: false, center: false }]) {
      const layers = [tf.layers.dense({ units: 3, inputShape: [4] }), tf.layers.batchNormalization(without)];
      const model = tf.sequential({ layers: [...layers, tf.layers.dense({ units: 1 })] });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
      const [x, y] = [
        tf.randomNormal([16, 4], 0, 1, 'float32', 1),
        tf.randomNormal([16, 1], 0, 1, 'float32', 2),
      ];
      const before = model.layers[1]!.getWeights().at(-1)!.dataSync().slice();
      const { history } = await model.fit(x, y, { epochs: 5, verbose: 0 });
      expect(history.loss!.at(-1)).toBeLessThan(history.loss![0] as number);
      expect(model.layers[1]!.getWeights().at(-1)!.dataSync()).not.toEqual(before);
      tf.dispose([x, y]);
      model.dispose();
    }
  });

  it('a causal convolution sees no later step, and trains', async () => {
    const layer = tf.layers.conv1d({
      ...{ filters: 2, kernelSize: 3, dilationRate: 2, padding: 'causal', useBias: true },
      inputShape: [7, 3],
    });
    const model = tf.sequential({ layers: [layer] });
    expect(model.outputShape).toEqual([null, 7, 2]);
    tf.tidy(() => {
      const x = tf.randomNormal([1, 7, 3], 0, 1, 'float32', 3);
      const later = tf.concat([tf.slice(x, [0, 0, 0], [1, 4, 3]), tf.zeros([1, 3, 3])], 1);
      const [y, other] = [x, later].map((t) => (model.predict(t) as tf.Tensor).slice([0, 0, 0], [1, 4, 2]));
      expect(y!.dataSync()).toEqual(other!.dataSync());
      const want = tf.conv1d(
        tf.pad(x, [
          [0, 0],
          [4, 0],
          [0, 0],
        ]) as tf.Tensor3D,
        layer.getWeights()[0] as tf.Tensor3D,
        ...([1, 'valid', 'NWC', 2] as const),
      );
      for (const [i, value] of want.dataSync().entries())
        expect((model.predict(x) as tf.Tensor).dataSync()[i]).toBeCloseTo(value, 5);
    });
    model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
    const [x, y] = [tf.randomNormal([8, 7, 3], 0, 1, 'float32', 1), tf.zeros([8, 7, 2])];
    const { history } = await model.fit(x, y, { epochs: 3, verbose: 0 });
    expect(history.loss!.at(-1)).toBeLessThan(history.loss![0] as number);
    tf.dispose([x, y]);
    model.dispose();
  });
});
