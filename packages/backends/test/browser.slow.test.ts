import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from '@tfjs-sam/testing/browser';
import { afterAll, expect, it } from 'vitest';
import { answerOf, buildWithVite, expectTrained } from './built-page.js';

const folder = mkdtempSync(join(tmpdir(), 'built-page-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('is bundled for a page by vite, without a module of Node, and trains there', async () => {
  expect(await buildWithVite(folder)).toEqual([]);
  if (chromium) expectTrained(await answerOf(folder, ''));
});
