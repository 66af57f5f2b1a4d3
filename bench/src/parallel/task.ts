// The task of a trainer's threads: the model that the module's query names.
import type * as tf from '@tensorflow/tfjs';
import { softmaxCrossEntropy } from '@tfjs-sam/wasm-kernels';
import { models } from '../models/index.js';
import type { AnyModelName } from '../models/names.js';

const name = decodeURIComponent(new URL(import.meta.url).search.slice(1)) as AnyModelName;

export const build = (): tf.LayersModel => models[name]().layers!;

export const loss = (model: tf.LayersModel, x: tf.Tensor, y: tf.Tensor): tf.Scalar =>
  softmaxCrossEntropy(y, model.apply(x, { training: true }) as tf.Tensor, 'mean') as tf.Scalar;
