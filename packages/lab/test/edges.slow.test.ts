import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli, run, smallStudy, start, studyFolder } from './fixtures/cli.js';

let folder: string;
beforeAll(() => {
  folder = studyFolder(smallStudy);
});
afterAll(() => rmSync(folder, { recursive: true }));

const quick = ['compare', '--variants', 'sgd', '--models', 'mlp', '--seeds', '1', '--epochs', '1'];
const works = (command: string): boolean => spawnSync('sh', ['-c', command]).status === 0;

const disk = (name: string): string => join(folder, name);
/** A disk of so many kilobytes, where this process may mount one. */
function mounted(path: string, kilobytes: number): boolean {
  mkdirSync(path);
  return works(`mount -t tmpfs -o size=${kilobytes}k tmpfs ${path}`);
}

describe('a full disk', () => {
  it.each([0, 2])(
    'ends a study with one line, and it goes on when there is room: %i workers',
    async (workers) => {
      const path = disk(`disk-${workers}`);
      if (!mounted(path, 64)) return console.warn('A full disk is not tested: nothing can be mounted here');
      try {
        const args = ['run', 'study.json', '--workers', `${workers}`, '--out', join(path, 'study')];
        const full = await run(folder, ...args);
        expect(full.code).toBe(1);
        const lines = full.stderr.trimEnd().split('\n');
        expect(lines.at(-1)).toMatch(/^tfjs-sam: ENOSPC: no space left on device, .*"\/.*"$/);
        // Checkpoints that could not be written, before.
        expect(lines.slice(0, -1).every((line) => line.startsWith('No checkpoint of trial'))).toBe(true);
        const left = readdirSync(path, { recursive: true, encoding: 'utf8' });
        expect(left.filter((name) => /\.tmp$|lock/.test(name))).toEqual([]);
        expect(works(`mount -o remount,size=16m ${path}`)).toBe(true);
        expect(await run(folder, ...args)).toMatchObject({ code: 0, stderr: '' });
        const [whole, resumed] = [`whole-${workers}/study`, join(path, 'study')];
        await run(folder, 'run', 'study.json', '--workers', '0', '--out', whole);
        const table = async (name: string): Promise<string> =>
          (await run(folder, 'status', name, '--canonical')).stdout;
        expect(await table(resumed)).toBe(await table(whole));
      } finally {
        works(`umount ${path}`);
      }
    },
  );

  it('ends with one line where the output goes', async () => {
    const end = spawnSync('sh', ['-c', `node ${cli} variants > /dev/full`], { encoding: 'utf8' });
    expect(end.stderr.trimEnd().split('\n')).toHaveLength(1);
    expect(end.status).toBe(1);
  });
});

describe('two at once', () => {
  it('comparisons that begin together have a folder each', async () => {
    const args = [...quick, '--workers', '0', '--backend', 'cpu', '--out', 'runs'];
    const ends = await Promise.all([1, 2, 3].map(() => run(folder, ...args)));
    for (const end of ends) expect(end).toMatchObject({ code: 0, stderr: '' });
    const made = readdirSync(join(folder, 'runs'));
    expect(made).toHaveLength(3);
    for (const name of made) expect(existsSync(join(folder, 'runs', name, 'report.html'))).toBe(true);
  });

  it('a lock whose process is another by now is free', async () => {
    const out = 'reused/study';
    mkdirSync(join(folder, out), { recursive: true });
    const running = start(folder, ['run', 'study.json', '--workers', '0', '--out', out]);
    await new Promise<void>((resolve) => running.child.stdout!.once('data', () => resolve()));
    const lock = readFileSync(join(folder, out, 'lock'), 'utf8');
    running.child.kill('SIGKILL');
    await running.ended;
    // As after a restart of the machine: this process has the number that the runner had.
    writeFileSync(join(folder, out, 'lock'), JSON.stringify({ ...JSON.parse(lock), pid: process.pid }));
    const again = await run(folder, 'run', 'study.json', '--workers', '0', '--out', out);
    expect(again).toMatchObject({ code: 0, stderr: '' });
  });
});

it.skipIf(!works('command -v script'))('Ctrl-C brings the cursor back, and ends with one line', async () => {
  const command = `node ${cli} run study.json --workers 1 --out interrupted/study`;
  const child = spawn('script', ['-qefc', command, '/dev/null'], { cwd: folder, stdio: 'pipe' });
  let text = '';
  child.stdout.on('data', (chunk) => {
    const hidden = text.includes('\u001b[?25l');
    text += chunk;
    // As the terminal sends it.
    if (!hidden && text.includes('\u001b[?25l')) child.stdin.write('\u0003');
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(130);
  expect(text.lastIndexOf('\u001b[?25h')).toBeGreaterThan(text.lastIndexOf('\u001b[?25l'));
  expect(text).toContain('stopped. The same command goes on from here');
  expect(text).not.toMatch(/^ +at /m);
});
