import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels } from '@tfjs-sam/wasm-kernels';

await tf.setBackend('wasm');
const { implementation, kernels } = await registerTrainingKernels();

export {};
