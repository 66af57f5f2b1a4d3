import * as tf from '@tensorflow/tfjs';
import { runningThreads } from '../../src/engine.js';
import { registerTrainingKernels } from '../../src/index.js';
import { limits } from '../../src/threads/limits.js';

// Multiplies on two threads, then ends as it is told.
Object.assign(limits, { least: 0, part: 0, start: 0, always: true });
const mode = process.argv[2];
if (mode === 'started' || mode === 'tensors') await tf.setBackend('wasm');
const held = mode === 'tensors' ? tf.ones([2]).dataSync() : undefined;
const { threads } = await registerTrainingKernels({ threads: 2 });
const x = tf.ones([96, 96]);
const work = (): void => tf.dispose(tf.matMul(x, x));
while (runningThreads() < threads) work();
for (let i = 0; i < 200; i++) work();
console.log(`${runningThreads()} threads`, held);
if (mode === 'throw') throw new Error('on purpose');
while (mode === 'forever') work();
