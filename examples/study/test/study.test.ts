import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { main } from '@tfjs-sam/lab';
import { afterAll, describe, expect, it } from 'vitest';

const here = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string): string => readFileSync(join(here, path), 'utf8');
const [code, study] = [read('parts.mjs'), read('study.yaml')];

describe('a study of one’s own', () => {
  // Beside the example's own packages, so that its module finds them.
  const folder = mkdtempSync(join(here, 'test', '.run-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it('takes at most 30 lines of YAML and 20 of code, which the guide shows as they are', () => {
    const lines = (text: string): number => text.split('\n').filter((line) => line.trim() !== '').length;
    expect(lines(study)).toBeLessThanOrEqual(30);
    expect(lines(code)).toBeLessThanOrEqual(20);
    const guide = read('../../docs/guide/study.md');
    expect(guide).toContain(code);
    expect(guide).toContain(study);
  });

  it('ends in a LaTeX table', async () => {
    cpSync(join(here, 'parts.mjs'), join(folder, 'parts.mjs'));
    // The same with fewer seeds, epochs and radii: the slow test of the guide runs the whole.
    const short = study
      .replace('seeds: 5', 'seeds: 2')
      .replaceAll(/epochs: \d+/g, 'epochs: 2')
      .replaceAll('[0.05, 0.2, 0.5]', '[0.05, 0.2]');
    writeFileSync(join(folder, 'study.yaml'), short);
    const said: string[] = [];
    const write = { write: (text: string) => said.push(text) };
    const command = (...args: string[]): Promise<number> =>
      main(args, { stdout: write, stderr: write } as never);
    const out = join(folder, 'runs');
    const run = command('run', join(folder, 'study.yaml'), '--workers', '0', '--out', out);
    expect(await run, said.at(-1)).toBe(0);
    expect(await command('export', out, '--format', 'latex', '--out', join(folder, 'tables'))).toBe(0);
    const table = readFileSync(join(folder, 'tables', 'summary.tex'), 'utf8');
    expect(table).toMatch(/sgd-2x & /);
    expect(table).toMatch(/msam & rho 0\.\d+ & \d\d\.\d+/);
  });
});
