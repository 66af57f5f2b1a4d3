import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bundled, bundleFolder } from './bundle.js';
import type { Answer } from './processes/train.js';

const { folder, remove } = bundleFolder();
afterAll(remove);

let script = '';
beforeAll(async () => {
  script = await bundled(join(dirname(fileURLToPath(import.meta.url)), 'processes', 'train.ts'), folder);
}, 120_000);

async function trainInProcess(mode: string): Promise<Answer> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, mode]);
  return JSON.parse(stdout.trim().split('\n').at(-1)!) as Answer;
}

it.each([
  ['fast', 'fma'],
  ['deterministic', 'plain'],
])('trains to the same bits in every process, %s kernels', async (mode, implementation) => {
  const [one, other] = await Promise.all([trainInProcess(mode), trainInProcess(mode)]);
  expect(one.implementation).toBe(implementation);
  expect(one.after).not.toBe(one.before);
  expect(other).toEqual(one);
});
