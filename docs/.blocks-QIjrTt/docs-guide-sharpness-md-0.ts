import * as tf from '@tensorflow/tfjs';
import { measure } from '@tfjs-sam/sharpness';
declare const model: tf.LayersModel;
declare const x: tf.Tensor;
declare const y: tf.Tensor;

const { spectrum, worstCase, average, reliable } = await measure(model, { x, y }, { spectrum: { count: 3 } });

export {};
