import * as tf from '@tensorflow/tfjs';
import { asam, sam } from '@tfjs-sam/sam';

model.compile({
  optimizer: sam(tf.train.momentum(0.05, 0.9), { rho: 0.05 }),
  loss: 'categoricalCrossentropy',
});
const adaptive = asam(tf.train.adam(1e-3), { rho: 0.5, scaled: ({ name }) => name.includes('kernel') });

export {};
