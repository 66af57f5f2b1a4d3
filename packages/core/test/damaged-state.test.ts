import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { useBackend } from '@tfjs-sam/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { damageArtifacts, damageModels, damageStates } from './damage-campaign.js';

/** The short form of `damaged-state.slow.test.ts`: what is damaged is refused, in words, before anything changes. */
describe('something saved and damaged is refused', () => {
  let folder = '';
  beforeAll(async () => {
    await useBackend('cpu');
    folder = await mkdtemp(join(tmpdir(), 'tfjs-sam-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('as the folder of a state', async () => {
    expect((await damageStates(folder, 120, 1)).failed).toEqual([]);
  });

  it('as what a handler gives', async () => {
    expect((await damageArtifacts(60, 2)).failed).toEqual([]);
  });

  it('as the folder of a model', async () => {
    expect((await damageModels(folder, 60, 3)).failed).toEqual([]);
  });
});
