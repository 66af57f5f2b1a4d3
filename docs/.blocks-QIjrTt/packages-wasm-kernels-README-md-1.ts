import * as tf from '@tensorflow/tfjs';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { registerTrainingKernels } from '@tfjs-sam/wasm-kernels';

setWasmPaths('/');
await tf.setBackend('wasm');
await registerTrainingKernels();

export {};
