import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@tfjs-sam/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { damageArtifacts, damageModels, damageStates, type Outcome } from './damage-campaign.js';

let folder = '';
beforeAll(async () => {
  await useBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tfjs-sam-'));
});
afterAll(() => rm(folder, { recursive: true }));

it.each<[string, () => Promise<Outcome>]>([
  ['folders of states', () => damageStates(folder, 2001, 101)],
  ['what handlers give', () => damageArtifacts(900, 102)],
  ['folders of models', () => damageModels(folder, 1000, 103)],
])('refuses %s, damaged', async (what, campaign) => {
  const { tried, failed } = await campaign();
  console.info(`${what}: tried ${tried}, survived ${tried - failed.length}, failed ${failed.length}`);
  expect(failed).toEqual([]);
});
