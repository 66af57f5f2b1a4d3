import type * as tf from '@tensorflow/tfjs-core';
import { layerPrototypes, type Method } from './layers.js';

type Train = (data: tf.Tensor[]) => tf.Tensor[];

interface Model {
  readonly metricsTensors?: readonly unknown[];
}

const limited = new WeakSet<object>();

/**
 * Makes the training functions of TensorFlow.js's models give one value per metric: their loss notes its metrics at every
 * call, and those of later passes, which stand for the first one's, would be returned by `trainOnBatch` again.
 */
export function limitMetrics(): void {
  for (const prototype of layerPrototypes()) {
    if (!Object.hasOwn(prototype, 'makeTrainFunction') || limited.has(prototype)) continue;
    limited.add(prototype);
    const makeTrainFunction = prototype.makeTrainFunction as Method;
    prototype.makeTrainFunction = function (...args) {
      const train = makeTrainFunction.apply(this, args) as Train;
      const { metricsTensors } = this as Model;
      return (data: tf.Tensor[]) =>
        train(data).slice(0, 1 + (metricsTensors?.length ?? Number.POSITIVE_INFINITY));
    };
  }
}
