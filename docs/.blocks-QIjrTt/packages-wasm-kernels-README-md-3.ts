import * as tf from '@tensorflow/tfjs';
import { multiHeadAttention } from '@tfjs-sam/wasm-kernels/layers';

const x = tf.input({ shape: [16, 64] });
const attended = multiHeadAttention({ numHeads: 4 }).apply(x) as tf.SymbolicTensor;
const model = tf.model({ inputs: x, outputs: tf.layers.add().apply([x, attended]) as tf.SymbolicTensor });

export {};
