// A thread that takes the same steps as the one that asks, and shares nothing with it but the machine.
import { parentPort, workerData } from 'node:worker_threads';
import { prepareBackend } from '@tfjs-sam/backends';
import { models } from '../models/index.js';
import { base } from '../training.js';
import type { TwinSetup } from './twins.js';

const { model, steps, control } = workerData as TwinSetup;
const [asked, answered] = [0, 1];
await prepareBackend({ backend: 'wasm', threads: 1 });
const { loss, variables } = models[model]();
const optimizer = base();
parentPort!.postMessage('ready');
for (let round = 0; ; round++) {
  Atomics.wait(control, asked, round);
  for (let i = 0; i < steps; i++) optimizer.minimize(loss, false, variables);
  Atomics.store(control, answered, round + 1);
  Atomics.notify(control, answered);
}
