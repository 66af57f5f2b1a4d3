import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { seededRandom } from '@tfjs-sam/datasets';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, smallStudy, start, studyFolder } from './fixtures/cli.js';

// Each run has a folder of its own around that of the study: results of studies beside it would be taken over.
let folder: string;
let wanted: string;
beforeAll(async () => {
  folder = studyFolder(smallStudy);
  const whole = await run(folder, 'run', 'study.json', '--workers', '0', '--out', 'whole/study');
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  wanted = (await run(folder, 'status', 'whole/study', '--canonical')).stdout;
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** Kills of each way to run; fewer for a part of the campaign: TFJS_SAM_KILLS, with TFJS_SAM_SEED for other moments. */
const killsOf = (usual: number): number => Number(process.env.TFJS_SAM_KILLS ?? usual);
const seed = Number(process.env.TFJS_SAM_SEED ?? 77);

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

/** What was killed, and when. */
interface Count {
  killed: number;
  inWriting: number;
}

/** Runs into a folder, and begins again after every kill, until the run ends or enough were killed. */
async function survived(
  args: readonly string[],
  path: string,
  count: Count,
  most: number,
  random: () => number,
) {
  for (;;) {
    const trials = join(path, 'trials');
    mkdirSync(trials, { recursive: true });
    const { child, ended } = start(folder, ['run', 'study.json', ...args]);
    if (count.killed >= most) {
      expect(await ended).toMatchObject({ code: 0, stderr: '' });
      return;
    }
    // Every second kill falls when a file has just changed.
    const amid = count.killed % 2 === 0;
    const change = writing(trials, 1 + Math.floor(random() * 12));
    const moment = amid ? change.seen : pause(300 + random() * 4000);
    const first = await Promise.race([moment.then(() => 'kill' as const), ended]);
    change.stop();
    if (first === 'kill') child.kill('SIGKILL');
    const { signal, code, stderr } = await ended;
    if (signal === 'SIGKILL') {
      count.killed++;
      if (amid) count.inWriting++;
      continue;
    }
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return;
  }
}

/** The table is the uninterrupted one, and nothing is left of what died. */
async function expectWhole(out: string): Promise<void> {
  const { stdout } = await run(folder, 'status', out, '--canonical');
  expect(stdout).toBe(wanted);
  const names = readdirSync(join(folder, out), { recursive: true, encoding: 'utf8' });
  expect(names.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  const stopped = wanted.split('\n').filter((line) => line.includes('"state":"stopped"')).length;
  expect(names.filter((name) => name.endsWith('checkpoint')).length).toBeLessThanOrEqual(stopped);
}

const told = (what: string, { killed, inWriting }: Count): void =>
  console.info(`${what}: ${killed} kills, ${inWriting} of them just after a write: table equal`);

describe('a study survives SIGKILL at random moments', () => {
  it.each([
    [1, 28],
    [2, 28],
    [4, 28],
  ])('with %i workers: the canonical table is the uninterrupted one', async (workers, usual) => {
    const random = seededRandom(workers, seed);
    const count = { killed: 0, inWriting: 0 };
    const most = killsOf(usual);
    // A study that ends before all kills are spent is begun anew.
    for (let round = 0; count.killed < most; round++) {
      const out = `killed-${workers}-${round}/study`;
      await survived(['--workers', `${workers}`, '--out', out], join(folder, out), count, most, random);
      await expectWhole(out);
    }
    told(`${workers} workers`, count);
    expect(count.inWriting).toBeGreaterThanOrEqual(Math.floor(most / 2) - 1);
  });

  it('in two shards, merged', async () => {
    const random = seededRandom(9, seed);
    const count = { killed: 0, inWriting: 0 };
    const most = killsOf(8);
    for (let round = 0; count.killed < most; round++) {
      const out = `shards-${round}/study`;
      const shards = [0, 1].map((index) => `${out}-shard-${index}-of-2`);
      for (const [index, path] of shards.entries()) {
        const args = ['--workers', '1', '--shard', `${index}/2`, '--out', out];
        const until = index === 0 ? Math.ceil((count.killed + most) / 2) : most;
        await survived(args, join(folder, path), count, until, random);
      }
      expect((await run(folder, 'merge', ...shards)).code).toBe(0);
      await expectWhole(out);
    }
    told('shards', count);
  });
});

describe('a study survives its workers', () => {
  it('begins a trial again whose process was killed', async () => {
    const { child, ended } = start(folder, [
      'run',
      'study.json',
      '--workers',
      '1',
      '--out',
      'worker-killed/study',
    ]);
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
    expect((await run(folder, 'status', 'worker-killed/study', '--canonical')).stdout).toBe(wanted);
  });

  it('kills a frozen process, and begins its trial again', async () => {
    const quick = studyFolder({ ...smallStudy, stallSeconds: 20 });
    const { child, ended } = start(quick, ['run', 'study.json', '--workers', '1', '--out', 'frozen/study']);
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
    expect(stdout).toMatch(/is tried again: stuck: nothing heard for 20 s, killed/);
    expect((await run(quick, 'status', 'frozen/study', '--canonical')).stdout).toBe(wanted);
    rmSync(quick, { recursive: true });
  });

  it('does not let two runners into one folder', async () => {
    const first = start(folder, ['run', 'study.json', '--workers', '1', '--out', 'twice/study']);
    await new Promise<void>((resolve) => first.child.stdout!.once('data', () => resolve()));
    const second = await run(folder, 'run', 'study.json', '--workers', '1', '--out', 'twice/study');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/expected a folder that nobody is working in, got one held by process \d+/);
    expect((await first.ended).code).toBe(0);
    expect((await run(folder, 'status', 'twice/study', '--canonical')).stdout).toBe(wanted);
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
