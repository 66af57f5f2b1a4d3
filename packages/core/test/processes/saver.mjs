// Trains and saves into a folder, again and again, until it is killed; says when the first state is there.
// The whole of it: core alone has no gradients.
import * as tf from '@tensorflow/tfjs';
import { adamw, saveState, sharpnessAware } from '@tfjs-sam/core';
import { fileSystem } from '@tfjs-sam/core/node';

const [folder] = process.argv.slice(2);
await tf.setBackend('cpu');
const large = tf.variable(tf.ones([600, 600]), true, 'large');
const small = tf.variable(tf.ones([1]), true, 'small');
const optimizer = sharpnessAware(adamw());
const step = (...variables) =>
  optimizer.minimize(() => tf.addN(variables.map((each) => tf.sum(tf.square(each)))), false, variables);
step(large, small);
for (let saved = 0; ; saved++) {
  // A large state, a short step: the process is saving most of the time.
  step(small);
  await saveState(optimizer, fileSystem(folder));
  if (saved === 0) console.log('saved');
}
