import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { type MultiHeadAttentionArgs, multiHeadAttention } from '../src/layers/index.js';
import { onEveryImplementation } from './implementations.js';

const asArrays = (tensors: readonly tf.Tensor[]) => tensors.map((tensor) => [...tensor.dataSync()]);

/** softmax(Q Kᵀ/√size) V of each head by TensorFlow.js's operations, of weights [kernel, bias] × query, key, value, output. */
function reference(
  [query, value, key]: tf.Tensor3D[],
  weights: tf.Tensor[],
  heads: number,
  seen?: tf.Tensor,
) {
  const project = (x: tf.Tensor3D, at: number) => {
    const [kernel, bias] = weights.slice(2 * at, 2 * at + 2) as [tf.Tensor2D, tf.Tensor];
    const [batch, length, width] = x.shape;
    return tf.reshape(tf.add(tf.matMul(tf.reshape(x, [-1, width]), kernel), bias), [
      batch,
      length,
      -1,
    ]) as tf.Tensor3D;
  };
  const split = (x: tf.Tensor3D) => tf.split(x, heads, -1);
  const [q, k, v] = [project(query!, 0), project(key!, 1), project(value!, 2)].map(split);
  const joined = q!.map((one, head) => {
    const scores = tf.div(tf.matMul(one, k![head]!, false, true), Math.sqrt(one.shape[2]!));
    const hidden = seen ? tf.mul(tf.sub(tf.cast(seen, 'float32'), 1), 1e9) : tf.scalar(0);
    return tf.matMul(tf.softmax(tf.add(scores, hidden)), v![head]!);
  });
  return project(tf.concat(joined, -1) as tf.Tensor3D, 3);
}

const closeTo = (actual: tf.Tensor, expected: tf.Tensor) => {
  expect(actual.shape).toEqual(expected.shape);
  expect(tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0]).toBeLessThan(1e-5);
};

/** Gives biases values other than zero. */
function withBiases(layer: tf.layers.Layer): tf.Tensor[] {
  const values = layer
    .getWeights()
    .map((weight, i) => (weight.rank === 1 ? tf.randomNormal(weight.shape, 0, 1, 'float32', i) : weight));
  layer.setWeights(values);
  return values;
}

onEveryImplementation('multiHeadAttention', () => {
  it('is attention of projections: of one input, of query and value, of query, value and key', () =>
    tf.tidy(() => {
      const shapes: [number, number, number][] = [
        [2, 5, 6],
        [2, 3, 4],
        [2, 3, 8],
      ];
      const [a, b, c] = shapes.map((shape, i) => tf.randomNormal(shape, 0, 1, 'float32', i)) as tf.Tensor3D[];
      const self = multiHeadAttention({ numHeads: 3, seed: 1 });
      self.apply(a!);
      const weights = withBiases(self);
      closeTo(self.apply(a!) as tf.Tensor, reference([a!, a!, a!], weights, 3));
      for (const inputs of [
        [a!, b!],
        [a!, b!, c!],
      ]) {
        const layer = multiHeadAttention({ numHeads: 2, keyDim: 5, valueDim: 3, outputDim: 7, seed: 2 });
        layer.apply(inputs);
        const expected = reference([a!, b!, inputs[2] ?? b!], withBiases(layer), 2);
        closeTo(layer.apply(inputs) as tf.Tensor, expected);
        expect(layer.computeOutputShape(inputs.map(({ shape }) => [...shape]))).toEqual(expected.shape);
      }
    }));

  it('does not see what follows where it is causal, nor what the mask of an embedding hides', () =>
    tf.tidy(() => {
      const words = tf.tensor2d(
        [
          [3, 1, 0, 0],
          [2, 4, 1, 0],
        ],
        [2, 4],
        'int32',
      );
      const embedding = tf.layers.embedding({ inputDim: 5, outputDim: 4, maskZero: true, inputLength: 4 });
      const layer = multiHeadAttention({ numHeads: 2, causal: true, seed: 3 });
      const input = tf.input({ shape: [4], dtype: 'int32' });
      const model = tf.model({
        inputs: input,
        outputs: layer.apply(embedding.apply(input)) as tf.SymbolicTensor,
      });
      const x = embedding.apply(words) as tf.Tensor3D;
      const seen = [
        [1, 1, 0, 0],
        [1, 1, 1, 0],
      ].map((keys) => [0, 1, 2, 3].map((i) => keys.map((known, j) => known * (j <= i ? 1 : 0))));
      const weights = withBiases(layer);
      closeTo(model.predict(words) as tf.Tensor, reference([x, x, x], weights, 2, tf.tensor3d(seen)));
    }));

  it('sees of another value what the mask for it leaves, whatever hides the query', () =>
    tf.tidy(() => {
      const embedding = tf.layers.embedding({ inputDim: 5, outputDim: 4, maskZero: true, inputLength: 3 });
      const layer = multiHeadAttention({ numHeads: 2, seed: 6 });
      const inputs = [tf.input({ shape: [3], dtype: 'int32' }), tf.input({ shape: [2, 4] })];
      const attended = layer.apply([embedding.apply(inputs[0]!) as tf.SymbolicTensor, inputs[1]!]);
      const model = tf.model({ inputs, outputs: attended as tf.SymbolicTensor });
      const words = tf.tensor2d([[3, 0, 0]], [1, 3], 'int32');
      const value = tf.randomNormal([1, 2, 4], 0, 1, 'float32', 7) as tf.Tensor3D;
      const weights = withBiases(layer);
      const query = embedding.apply(words) as tf.Tensor3D;
      closeTo(model.predict([words, value]) as tf.Tensor, reference([query, value, value], weights, 2));
      const masks = [[[true, false, false]], [[false, true]]].map((mask) =>
        tf.tensor2d(mask, undefined, 'bool'),
      );
      const second = tf.slice(value, [0, 1, 0], [1, 1, 4]) as tf.Tensor3D;
      closeTo(
        layer.apply([query, value], { mask: masks }) as tf.Tensor,
        reference([query, second, second], weights, 2),
      );
    }));

  it('trains by model.fit, and is saved and loaded with the model', async () => {
    const before = tf.memory().numTensors;
    const model = tf.sequential({
      layers: [
        multiHeadAttention({
          numHeads: 2,
          inputShape: [4, 6],
          useBias: false,
          kernelInitializer: 'heNormal',
          seed: 4,
        }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotNormal({ seed: 5 }) }),
      ],
    });
    expect(model.layers[0]!.weights.map(({ shape }) => shape)).toEqual(Array(4).fill([6, 6]));
    const kernels = asArrays(model.layers[0]!.getWeights());
    expect(new Set(kernels.map(([first]) => first)).size).toBe(4);
    const optimizer = tf.train.sgd(0.05);
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const x = tf.randomNormal([32, 4, 6], 0, 1, 'float32', 6);
    const y = tf.tidy(() => tf.mean(tf.slice(x, [0, 0, 0], [32, 4, 1]), [1]));
    const { history } = await model.fit(x, y, { epochs: 8, batchSize: 16, shuffle: false, verbose: 0 });
    expect(history.loss!.at(-1)).toBeLessThan(0.7 * (history.loss![0] as number));

    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved!));
    const outputs = [model, loaded].map((one) => one.predict(x) as tf.Tensor);
    expect([...outputs[1]!.dataSync()]).toEqual([...outputs[0]!.dataSync()]);
    tf.dispose([x, y, outputs]);
    for (const one of [model, loaded, optimizer]) one.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[object, RegExp]>([
    [{ numHeads: 0 }, /expected numHeads to be an integer >= 1, got 0/],
    [{ numHeads: undefined }, /expected numHeads to be an integer >= 1, got undefined/],
    [{ numHeads: 2, keyDim: 1.5 }, /expected keyDim to be an integer >= 1, got 1.5/],
    [
      { numHeads: 2, kernelInitializer: 'zeros' as never },
      /expected kernelInitializer to be one of glorotUniform/,
    ],
  ])('refuses %j', (args, message) => {
    expect(() => multiHeadAttention(args as MultiHeadAttentionArgs)).toThrow(message);
  });

  it('refuses heads that do not divide the width, and inputs that are no sequences', () => {
    const apply = (shape: number[]) => () =>
      tf.tidy(() => multiHeadAttention({ numHeads: 4 }).apply(tf.ones(shape)) as tf.Tensor);
    expect(apply([2, 3, 6])).toThrow(
      "expected numHeads to divide the query's width, got 4 and 6; else give keyDim",
    );
    expect(apply([2, 8])).toThrow('expected inputs [batch, length, width], got [2,8]');
  });
});
