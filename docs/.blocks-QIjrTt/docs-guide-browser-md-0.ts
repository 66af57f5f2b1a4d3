import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { prepareBackend } from '@tfjs-sam/backends';
import { msam } from 'tfjs-sam';

setWasmPaths('/wasm/');
await prepareBackend('wasm'); // with training kernels: plain wasm has no gradient of a convolution
const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [4] })] });
model.compile({ optimizer: msam(tf.train.sgd(0.1)), loss: 'meanSquaredError' });

export {};
