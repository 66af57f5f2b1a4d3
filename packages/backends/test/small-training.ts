import * as tf from '@tensorflow/tfjs';

/** What three steps of a small seeded CNN gave. */
export interface SmallTraining {
  /** Loss of each step. */
  readonly losses: number[];
  /** The weights afterwards. */
  readonly weights: number[][];
}

/** Trains it on the active backend. */
export async function trainSmall(): Promise<SmallTraining> {
  const kernelInitializer = (seed: number) => tf.initializers.glorotUniform({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        ...{ filters: 4, kernelSize: 3, activation: 'relu', inputShape: [8, 8, 1] },
        kernelInitializer: kernelInitializer(1),
      }),
      tf.layers.averagePooling2d({ poolSize: 2 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: kernelInitializer(2) }),
    ],
  });
  model.compile({ optimizer: tf.train.momentum(0.1, 0.9), loss: 'categoricalCrossentropy' });
  const x = tf.randomNormal([12, 8, 8, 1], 0, 1, 'float32', 3);
  const labels = tf.tensor1d([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2], 'int32');
  const options = { epochs: 3, batchSize: 12, shuffle: false, verbose: 0 } as const;
  const { history } = await model.fit(x, tf.oneHot(labels, 3), options);
  const weights = await Promise.all(model.getWeights().map(async (w) => Array.from(await w.data())));
  return { losses: history.loss as number[], weights };
}
