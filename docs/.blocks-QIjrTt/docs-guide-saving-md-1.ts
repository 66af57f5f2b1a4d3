import * as tf from '@tensorflow/tfjs';
import { restoreState, saveState } from '@tfjs-sam/core';
import { fileSystem } from '@tfjs-sam/core/node';
import { msam } from 'tfjs-sam';
declare const optimizer: ReturnType<typeof msam>;

await saveState(optimizer, fileSystem('run/optimizer'));
// later, in another process
const again = msam(tf.train.momentum(0.05, 0.9), { rho: (step) => 0.1 / (1 + step) });
await restoreState(again, fileSystem('run/optimizer'));

export {};
