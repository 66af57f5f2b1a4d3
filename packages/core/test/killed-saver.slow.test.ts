import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { adamw, restoreState, saveState, sharpnessAware } from '@tfjs-sam/core';
import { fileSystem } from '@tfjs-sam/core/node';
import { useBackend } from '@tfjs-sam/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { drawing } from './damage.js';

const script = fileURLToPath(new URL('processes/saver.mjs', import.meta.url));
const KILLS = 50;

let folder = '';
beforeAll(async () => {
  await useBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tfjs-sam-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Lets a process save without an end, and kills it so many ms after it has begun another file. */
async function killedAfter(delay: number): Promise<void> {
  const saver = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const begun = await Promise.race([
    once(saver.stdout, 'data').then(() => true),
    once(saver, 'exit').then(() => false),
  ]);
  if (!begun) throw new Error(`expected ${script} to save until it is killed, and it ended`);
  while ((await readdir(folder)).length === 2);
  if (delay > 1) await setTimeout(delay);
  saver.kill('SIGKILL');
  await once(saver, 'exit');
}

it('a state survives savers that are killed while they save', async () => {
  const draw = drawing(7);
  let survived = 0;
  let interrupted = 0;
  for (let i = 0; i < KILLS; i++) {
    await killedAfter(draw() * 20);
    // A file more than the two of a state: the saver was at work.
    if ((await readdir(folder)).length > 2) interrupted += 1;
    const optimizer = sharpnessAware(adamw());
    await restoreState(optimizer, fileSystem(folder));
    if (optimizer.iterations > 0) survived += 1;
    optimizer.dispose();
    await cleared();
  }
  console.info(
    `kills: tried ${KILLS}, survived ${survived}, failed ${KILLS - survived}; ${interrupted} amid a saving`,
  );
  expect(survived).toBe(KILLS);
  expect(interrupted).toBeGreaterThan(0);
});

/** Saves once more, and expects what the killed one left to be readable and replaced. */
async function cleared(): Promise<void> {
  const optimizer = sharpnessAware(adamw());
  await saveState(optimizer, fileSystem(folder));
  await restoreState(optimizer, fileSystem(folder));
  expect(optimizer.iterations).toBe(0);
  optimizer.dispose();
  for (const name of await readdir(folder)) if (name.endsWith('.tmp')) await rm(join(folder, name));
  expect(tf.memory().numTensors).toBe(0);
}
