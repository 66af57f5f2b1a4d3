import * as tf from '@tensorflow/tfjs';
import { fileSystem } from '@tfjs-sam/core/node';
import { msam } from 'tfjs-sam';
declare const model: tf.LayersModel;

await model.save(fileSystem('run/model'), { includeOptimizer: true } as tf.io.SaveConfig);
const resumed = await tf.loadLayersModel(fileSystem('run/model')); // with its optimizer

export {};
