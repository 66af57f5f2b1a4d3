import * as tf from '@tensorflow/tfjs';
import { defineDataset, defineModel, head, heNormal } from '@tfjs-sam/lab';

/** Ring, angle and radius of every point; the rings overlap. */
const points = Array.from({ length: 1000 }, (_, i) => [i % 2, 2.4 * i, 1 + (i % 2) + 0.9 * Math.sin(i * i)]);
const inputs = points.flatMap(([, angle, radius]) => [radius * Math.cos(angle), radius * Math.sin(angle)]);
const targets = points.map(([ring]) => ring);
const train = { inputs: new Float32Array(inputs), targets: new Int32Array(targets), size: 1000 };
const about = { name: 'rings', doc: 'Points of two rings that overlap', options: {} };
export const rings = defineDataset({ ...about, load: () => ({ shape: [2], scale: 1, classes: 2, train }) });

export const network = defineModel({
  name: 'two-layers',
  doc: 'Two hidden layers of 64 units',
  options: {},
  create({ inputShape, outputs, seeds }) {
    const layer = (more) =>
      tf.layers.dense({ units: 64, activation: 'relu', kernelInitializer: heNormal(seeds), ...more });
    return tf.sequential({ layers: [layer({ inputShape }), layer(), head(outputs, seeds)] });
  },
});
