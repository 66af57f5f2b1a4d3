import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@tfjs-sam/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, smallStudy, start, studyFolder } from './fixtures/cli.js';

let folder: string;
let wanted: string;
beforeAll(async () => {
  folder = studyFolder(smallStudy);
  const whole = await run(folder, 'run', 'study.json', '--workers', '0', '--out', 'whole');
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  wanted = (await run(folder, 'status', 'whole', '--canonical')).stdout;
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Kills in all, over the three numbers of workers. */
const kills = { 1: 34, 2: 33, 4: 33 } as const;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Resolves when the `count`-th change has been seen in a study's folder: the runner is writing. */
function writing(path: string, count: number): { readonly seen: Promise<void>; stop(): void } {
  let left = count;
  let stop = (): void => {};
  const seen = new Promise<void>((resolve) => {
    const watcher = watch(path, { recursive: true }, () => {
      if (--left <= 0) resolve();
    });
    stop = () => watcher.close();
  });
  return { seen, stop };
}

describe('a study survives SIGKILL at random moments', () => {
  it.each([1, 2, 4] as const)(
    'with %i workers: the canonical table is the uninterrupted one',
    async (workers) => {
      const random = seededRandom(workers, 77);
      let killed = 0;
      let inWriting = 0;
      // A study that ends before all kills are spent is begun anew.
      for (let round = 0; killed < kills[workers]; round++) {
        const out = `killed-${workers}-${round}`;
        for (;;) {
          const path = join(folder, out, 'trials');
          mkdirSync(path, { recursive: true });
          const { child, ended } = start(folder, [
            'run',
            'study.json',
            '--workers',
            String(workers),
            '--out',
            out,
          ]);
          if (killed >= kills[workers]) {
            expect(await ended).toMatchObject({ code: 0, stderr: '' });
            break;
          }
          // Every second kill falls when a file has just changed.
          const change = writing(path, 1 + Math.floor(random() * 12));
          const moment = killed % 2 === 0 ? change.seen : pause(300 + random() * 4000);
          const first = await Promise.race([moment.then(() => 'kill' as const), ended]);
          change.stop();
          if (first !== 'kill') {
            expect(first).toMatchObject({ code: 0 });
            break;
          }
          child.kill('SIGKILL');
          const { signal } = await ended;
          if (signal !== 'SIGKILL') break;
          if (killed % 2 === 0) inWriting++;
          killed++;
        }
        const { stdout } = await run(folder, 'status', out, '--canonical');
        expect(stdout).toBe(wanted);
        // Nothing is left of what died.
        const stray = readdirSync(join(folder, out, 'trials')).filter((id) =>
          existsSync(join(folder, out, 'trials', id, 'checkpoint')),
        );
        const stopped = wanted.split('\n').filter((line) => line.includes('"state":"stopped"')).length;
        expect(stray.length).toBeLessThanOrEqual(stopped);
      }
      expect(killed).toBe(kills[workers]);
      expect(inWriting).toBeGreaterThanOrEqual(Math.floor(kills[workers] / 2) - 1);
    },
  );
});

describe('a study survives its workers', () => {
  it('begins a trial again whose process was killed', async () => {
    const { child, ended } = start(folder, ['run', 'study.json', '--workers', '1', '--out', 'worker-killed']);
    let killed = 0;
    child.stdout!.on('data', () => {
      if (killed < 2)
        for (const pid of childrenOf(child.pid!)) {
          process.kill(pid, 'SIGKILL');
          killed++;
        }
    });
    const { code, stdout } = await ended;
    expect(code).toBe(0);
    expect(killed).toBeGreaterThan(0);
    expect(stdout).toMatch(/is tried again: its process was killed by SIGKILL/);
    expect((await run(folder, 'status', 'worker-killed', '--canonical')).stdout).toBe(wanted);
  });

  it('kills a frozen process, and begins its trial again', async () => {
    const quick = studyFolder({ ...smallStudy, stallSeconds: 10 });
    const { child, ended } = start(quick, ['run', 'study.json', '--workers', '1', '--out', 'frozen']);
    let frozen = false;
    child.stdout!.on('data', (chunk) => {
      if (frozen || !String(chunk).includes('[1/')) return;
      for (const pid of childrenOf(child.pid!)) {
        process.kill(pid, 'SIGSTOP');
        frozen = true;
      }
    });
    const { code, stdout } = await ended;
    expect({ code, frozen }).toEqual({ code: 0, frozen: true });
    expect(stdout).toMatch(/is tried again: stuck: nothing heard for 10 s, killed/);
    expect((await run(quick, 'status', 'frozen', '--canonical')).stdout).toBe(wanted);
    rmSync(quick, { recursive: true });
  });

  it('does not let two runners into one folder', async () => {
    const first = start(folder, ['run', 'study.json', '--workers', '1', '--out', 'twice']);
    await new Promise<void>((resolve) => first.child.stdout!.once('data', () => resolve()));
    const second = await run(folder, 'run', 'study.json', '--workers', '1', '--out', 'twice');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/expected a folder that nobody is working in, got one held by process \d+/);
    expect((await first.ended).code).toBe(0);
    expect((await run(folder, 'status', 'twice', '--canonical')).stdout).toBe(wanted);
  });
});

/** Processes whose parent is this one (Linux). */
function childrenOf(parent: number): number[] {
  try {
    return execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' })
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
}
