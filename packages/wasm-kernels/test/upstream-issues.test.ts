import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';

beforeAll(async () => {
  await tf.setBackend('wasm');
  await registerTrainingKernels();
});

/** Trains a model for three steps and answers its losses. */
async function fit(layers: tf.layers.Layer[], x: tf.Tensor, y: tf.Tensor): Promise<number[]> {
  const model = tf.sequential({ layers });
  model.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
  const { history } = await model.fit(x, y, { epochs: 3, verbose: 0 });
  tf.dispose([x, y]);
  model.dispose();
  return history.loss as number[];
}

function functional([layer]: tf.layers.Layer[]): tf.LayersModel {
  const input = tf.input({ shape: [2] });
  return tf.model({ inputs: input, outputs: layer!.apply(input) as tf.SymbolicTensor });
}

const noise = (shape: number[]): tf.Tensor => tf.randomNormal(shape, 0, 1, 'float32', 1);
const falls = (losses: number[]): void => expect(losses.at(-1)).toBeLessThan(losses[0]!);

/** What each public issue of tensorflow/tfjs asks for, in its own words as code. */
const issues: Record<number, () => Promise<void> | void> = {
  8474: async () =>
    falls(
      await fit(
        [
          tf.layers.conv2d({ filters: 3, kernelSize: 3, inputShape: [8, 8, 1] }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 1 }),
        ],
        noise([8, 8, 8, 1]),
        noise([8, 1]),
      ),
    ),
  8082: async () =>
    falls(
      await fit(
        [
          tf.layers.embedding({ inputDim: 9, outputDim: 4, inputLength: 3 }),
          tf.layers.flatten(),
          tf.layers.dense({ units: 1 }),
        ],
        tf.randomUniform([16, 3], 0, 9, 'int32', 1),
        noise([16, 1]),
      ),
    ),
  7439: () => {
    const y = tf.tidy(() =>
      tf.einsum('ij,jk->ik', tf.tensor2d([[1, 2]]), tf.tensor2d([[3], [4]])).dataSync(),
    );
    expect([...y]).toEqual([11]);
  },
  7722: () => {
    const square = (x: tf.Tensor) => tf.einsum('ij,jk->ik', x, x);
    const gradient = tf.tidy(() =>
      tf
        .grad(square)(
          tf.tensor([
            [1, 2],
            [3, 4],
          ]),
        )
        .dataSync(),
    );
    // ∂/∂x of Σ x² of matrices: the rows' sums of xᵀ and the columns' of x.
    expect([...gradient]).toEqual([7, 11, 9, 13]);
  },
  8277: async () => {
    const causal = tf.layers.conv1d({ filters: 2, kernelSize: 3, padding: 'causal', inputShape: [6, 2] });
    falls(await fit([causal], noise([8, 6, 2]), tf.zeros([8, 6, 2])));
  },
  7906: async () => {
    const dilated = tf.layers.conv1d({
      filters: 2,
      kernelSize: 3,
      dilationRate: 4,
      padding: 'same',
      inputShape: [12, 2],
    });
    falls(await fit([dilated], noise([8, 12, 2]), tf.zeros([8, 12, 2])));
  },
  8721: () => {
    const [, gradient] = tf.grads((a, b) => tf.matMul(a!, b!))([
      tf.tensor([
        [
          [1, 2],
          [3, 4],
        ],
        [
          [5, 6],
          [7, 8],
        ],
      ]),
      tf.tensor([
        [9, 10],
        [11, 12],
      ]),
    ]);
    expect(gradient!.shape).toEqual([2, 2]);
    expect([...gradient!.dataSync()]).toEqual([16, 16, 20, 20]);
  },
  6629: async () => {
    const pooled = () =>
      tf.tidy(() =>
        tf
          .depthwiseConv2d(noise([1, 4, 4, 2]) as tf.Tensor4D, noise([1, 3, 2, 1]) as tf.Tensor4D, 2, 'same')
          .dataSync(),
      );
    const wasm = pooled();
    await tf.setBackend('cpu');
    const cpu = pooled();
    await tf.setBackend('wasm');
    for (const [i, value] of cpu.entries()) expect(wasm[i]).toBeCloseTo(value, 5);
  },
  1795: () => {
    const gathered = (x: tf.Tensor) =>
      tf.mul(tf.gatherND(x, tf.tensor2d([[1], [1], [0]], [3, 1], 'int32')), [1, 10, 100]);
    expect([
      ...tf.tidy(() =>
        tf
          .grad(gathered)(tf.tensor1d([5, 6, 7]))
          .dataSync(),
      ),
    ]).toEqual([100, 11, 0]);
  },
  8238: async () => {
    const artifacts: tf.io.ModelArtifacts[] = [];
    const keep = tf.io.withSaveHandler(async (saved) => {
      artifacts.push(saved);
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    });
    for (const make of [tf.sequential, ({ layers }: { layers: tf.layers.Layer[] }) => functional(layers)]) {
      const model = make({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
      const optimizer = tf.train.adam(0.1);
      model.compile({ optimizer, loss: 'meanSquaredError' });
      const [x, y] = [tf.ones([4, 2]), tf.zeros([4, 1])];
      await model.fit(x, y, { epochs: 2, verbose: 0 });
      const before = tf.memory().numTensors;
      await Promise.all([1, 2, 3].map(() => model.save(keep, { includeOptimizer: true })));
      expect(tf.memory().numTensors).toBe(before);
      const loaded = await tf.loadLayersModel(tf.io.fromMemory(artifacts.at(-1)!));
      const [kept, own] = await Promise.all([loaded.optimizer.getWeights(), optimizer.getWeights()]);
      expect(kept.map(({ tensor }) => [...tensor.dataSync()])).toEqual(
        own.map(({ tensor }) => [...tensor.dataSync()]),
      );
      tf.dispose([x, y]);
      for (const one of [model, loaded]) one.dispose();
    }
    await expect(tf.sequential().save('nowhere://else', { includeOptimizer: true })).rejects.toThrow(
      'nowhere://else',
    );
  },
  6323: async () => {
    const transposed = {
      filters: 1,
      kernelSize: [1, 1, 1],
      strides: [2, 2, 2],
      inputShape: [3, 4, 4, 3],
      kernelInitializer: 'ones',
    };
    falls(
      await fit(
        [
          tf.layers.conv3dTranspose(transposed as never),
          tf.layers.flatten(),
          tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }) }),
        ],
        noise([10, 3, 4, 4, 3]),
        tf.fill([10, 1], 5),
      ),
    );
  },
  4326: async () => {
    const trained = () =>
      fit(
        [
          tf.layers.lstm({
            units: 4,
            inputShape: [6, 2],
            recurrentActivation: 'relu',
            kernelInitializer: tf.initializers.glorotNormal({ seed: 3 }),
            recurrentInitializer: tf.initializers.glorotNormal({ seed: 4 }),
          }),
          tf.layers.dense({ units: 1, kernelInitializer: tf.initializers.glorotNormal({ seed: 5 }) }),
        ],
        noise([16, 6, 2]),
        tf.ones([16, 1]),
      );
    const wasm = await trained();
    await tf.setBackend('cpu');
    const cpu = await trained();
    await tf.setBackend('wasm');
    for (const [i, loss] of cpu.entries()) expect(wasm[i]).toBeCloseTo(loss, 5);
  },
};

describe('public issues of TensorFlow.js', () => {
  it.each(Object.entries(issues))('#%s is solved', (_number, check) => check());

  it('are on the page, and no others', () => {
    const page = readFileSync(new URL('../ISSUES.md', import.meta.url), 'utf8');
    const listed = [...page.matchAll(/tfjs\/issues\/(\d+)\)[^|]*\| .* \| solved/g)].map(([, number]) =>
      Number(number),
    );
    expect(listed.sort()).toEqual(Object.keys(issues).map(Number).sort());
  });
});
