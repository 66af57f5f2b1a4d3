import type * as tf from '@tensorflow/tfjs';
import type { TrainTestSplit } from '@tfjs-sam/datasets';
declare const model: tf.Sequential;
declare const train: TrainTestSplit['train'];
declare const test: TrainTestSplit['test'];

await model.fitDataset(train.dataset({ batchSize: 32, seed: 1 }), { epochs: 20, verbose: 0 });
const [, accuracy] = model.evaluate(test.images, test.labels) as tf.Scalar[];
console.log(`test accuracy ${(100 * (await accuracy!.data())[0]!).toFixed(2)} %`);

export {};
