import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels, softmaxCrossEntropy } from '../../src/index.js';

/** What a process answers: hashes of the bits of the weights, before training and after it. */
export interface Answer {
  readonly implementation: string;
  readonly before: string;
  readonly after: string;
}

function makeModel(): tf.Sequential {
  const draw = (seed: number) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) });
  return tf.sequential({
    layers: [
      tf.layers.conv2d({
        ...{ filters: 5, kernelSize: 3, padding: 'same', activation: 'relu', inputShape: [9, 9, 3] },
        ...draw(1),
      }),
      tf.layers.maxPooling2d({ poolSize: 2 }),
      tf.layers.batchNormalization(),
      tf.layers.flatten(),
      tf.layers.dense({ units: 17, activation: 'tanh', ...draw(2) }),
      tf.layers.dense({ units: 4, ...draw(3) }),
    ],
  });
}

function hashOf(model: tf.Sequential): string {
  const hash = createHash('sha256');
  for (const weight of model.getWeights()) hash.update(weight.dataSync());
  return hash.digest('hex');
}

function train(model: tf.Sequential): void {
  const x = tf.randomNormal([8, 9, 9, 3], 0, 1, 'float32', 4);
  const labels = tf.oneHot([0, 1, 2, 3, 0, 1, 2, 3], 4);
  const optimizer = tf.train.momentum(0.1, 0.9);
  const loss = () =>
    softmaxCrossEntropy(labels, model.apply(x, { training: true }) as tf.Tensor, 'mean') as tf.Scalar;
  for (let step = 0; step < 5; step++) optimizer.minimize(loss);
}

await tf.setBackend('wasm');
const deterministic = process.argv[2] === 'deterministic';
const { implementation } = await registerTrainingKernels({ deterministic });
const model = makeModel();
const before = hashOf(model);
train(model);
console.log(JSON.stringify({ implementation, before, after: hashOf(model) } satisfies Answer));
