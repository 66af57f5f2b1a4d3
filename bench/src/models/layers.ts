import * as tf from '@tensorflow/tfjs';
import { type BenchModel, classes, layersModel } from './bench-model.js';

export const glorot = (seed: number) => tf.initializers.glorotUniform({ seed });

/** Layers of the given widths with ReLU between them; 784-256-128-10 by default: 235,000 parameters in 6 variables. */
export function mlp(batch: number, hidden: readonly number[] = [256, 128]): BenchModel {
  const layers = [...hidden, classes].map((units, i) =>
    tf.layers.dense({
      units,
      kernelInitializer: glorot(i + 1),
      ...(i === 0 && { inputShape: [784] }),
      ...(i < hidden.length && { activation: 'relu' as const }),
    }),
  );
  return layersModel(`MLP b${batch}`, tf.sequential({ layers }), batch);
}

/** Convolutions of 3×3 with ReLU on 28×28×1, max pooling after each, then dense layers, ReLU between them. */
function convolutions(filters: readonly number[], widths: readonly number[]): tf.LayersModel {
  const layers = filters.flatMap((count, i) => [
    tf.layers.conv2d({
      filters: count,
      kernelSize: 3,
      padding: 'same',
      activation: 'relu',
      kernelInitializer: glorot(i + 1),
      ...(i === 0 && { inputShape: [28, 28, 1] }),
    }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
  ]);
  const dense = widths.map((units, i) =>
    tf.layers.dense({
      units,
      kernelInitializer: glorot(filters.length + i + 1),
      ...(i < widths.length - 1 && { activation: 'relu' as const }),
    }),
  );
  return tf.sequential({ layers: [...layers, tf.layers.flatten(), ...dense] });
}

/** Convolutions of 32 and 64 channels and a dense layer. */
export const cnn = (batch: number): BenchModel =>
  layersModel(`CNN b${batch}`, convolutions([32, 64], [classes]), batch);

/** Convolutions of 16 and 32 channels and dense layers of 64 and 10. */
export const leNet = (batch: number): BenchModel =>
  layersModel(`LeNet b${batch}`, convolutions([16, 32], [64, classes]), batch);

/** An LSTM of 64 units over 20 steps of 16 numbers. */
export function lstm(batch: number): BenchModel {
  const layers = [
    tf.layers.lstm({
      units: 64,
      inputShape: [20, 16],
      recurrentActivation: 'sigmoid',
      kernelInitializer: glorot(1),
      recurrentInitializer: tf.initializers.orthogonal({ gain: 1, seed: 2 }),
    }),
    tf.layers.dense({ units: classes, kernelInitializer: glorot(3) }),
  ];
  return layersModel(`LSTM b${batch}`, tf.sequential({ layers }), batch);
}
