import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { main } from '@tfjs-sam/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from './fixtures/cli.js';
import { wrongCalls } from './malformed.js';

it.each([2, 3, 4, 5])(
  'answers 500 wrong calls with one line and exit code 2, and leaves nothing: draw %i',
  async (seed) => {
    const { tried, failed } = await wrongCalls(500, seed);
    console.info(`wrong calls: tried ${tried}, survived ${tried - failed.length}, failed ${failed.length}`);
    expect(failed).toEqual([]);
  },
);

it.each([
  ['compare', '--variants'],
  ['compare', '--rho'],
  ['compare', '--name'],
  ['compare', '--out'],
  ['compare', '--seeds'],
  ['run', 'study.json', '--shard'],
  ['run'],
  ['describe'],
  ['list'],
  ['status'],
  ['worker', '--queue'],
])('answers a value of 50 MB at once, in a line: %s %s %s', async (...args) => {
  let text = '';
  const stderr = new Writable({
    write(chunk, _, done) {
      text += chunk;
      done();
    },
  });
  const stdout = new Writable({ write: (_, __, done) => done() });
  const before = performance.now();
  expect(
    await main([...args.filter((word) => word !== undefined), 'x\n'.repeat(25_000_000)], { stdout, stderr }),
  ).toBe(2);
  expect(text.trimEnd().split('\n')).toHaveLength(1);
  expect(text.length).toBeLessThan(2_000);
  // A busy machine may take its time.
  expect(performance.now() - before).toBeLessThan(30_000);
});

describe('a process of its own', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-process-'));
    writeFileSync(join(folder, 'never.mjs'), 'await new Promise(() => {}); export const plugins = [];');
    const plugin = fileURLToPath(new URL('fixtures/plugin/plugin.mjs', import.meta.url));
    writeFileSync(
      join(folder, 'holds.mjs'),
      `setInterval(() => {}, 1e6); export * from ${JSON.stringify(plugin)};`,
    );
    writeFileSync(join(folder, 'breaks.mjs'), 'setInterval(() => {}, 1e6); throw new Error("broken");');
    writeFileSync(join(folder, 'large.json'), `{"a":"${'x'.repeat(50_000_000)}"}`);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each([
    ['a plugin that never resolves', ['variants', '--plugin', './never.mjs'], /did not load within 10 s/],
    ['a plugin that throws and holds a timer', ['variants', '--plugin', './breaks.mjs'], /: broken/],
    ['a configuration of 50 MB', ['variants', '--config', 'large.json'], /at most 4 MB, got 50.0 MB/],
    ['a study of 50 MB', ['run', 'large.json'], /at most 4 MB, got 50.0 MB/],
  ])('ends with one line and exit code 2: %s', async (_, args, message) => {
    const { code, stdout, stderr } = await run(folder, ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });

  it('ends although a plugin holds a timer', async () => {
    const { code, stdout } = await run(folder, 'variants', '--plugin', './holds.mjs');
    expect(code).toBe(0);
    expect(stdout).toContain('msam');
  });
});
