import * as tf from '@tensorflow/tfjs';

/** A small network with batch normalisation, the same in every thread. */
export function build() {
  const seed = (n) => tf.initializers.glorotUniform({ seed: n });
  return tf.sequential({
    layers: [
      tf.layers.dense({ units: 16, activation: 'relu', inputShape: [6], kernelInitializer: seed(1) }),
      tf.layers.batchNormalization(),
      tf.layers.dense({ units: 3, kernelInitializer: seed(2) }),
    ],
  });
}

export function loss(model, xs, ys, training = true) {
  return tf.losses.softmaxCrossEntropy(ys, model.apply(xs, { training }));
}
