import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@tfjs-sam/datasets';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Running, run, smallStudy, start, studyFolder } from './fixtures/cli.js';
import { type Server, serverKinds } from './fixtures/servers.js';

/** Trials that take seconds, so that what is killed is in the middle of one. */
const longer = {
  ...smallStudy,
  task: { ...smallStudy.task, epochs: 40 },
  arms: { ...smallStudy.arms, sam: { variant: 'sam', rho: { grid: [0.05, 0.1] } } },
  seeds: 2,
  choose: { seeds: 2 },
};

// Each run has a folder of its own around that of the study: results of studies beside it would be taken over.
let folder: string;
let wanted: string;
beforeAll(async () => {
  folder = studyFolder(longer);
  expect((await run(folder, 'run', 'study.json', '--workers', '2', '--out', 'whole/study')).code).toBe(0);
  wanted = (await run(folder, 'status', 'whole/study', '--canonical')).stdout;
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true }));

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const childrenOf = (parent: number): number[] => {
  try {
    const text = execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' });
    return text
      .split('\n')
      .map(Number)
      .filter((pid) => pid > 0);
  } catch {
    return [];
  }
};
const signalled = (pids: readonly number[], signal: NodeJS.Signals): void => {
  for (const pid of pids)
    try {
      process.kill(pid, signal);
    } catch {
      // It has gone already.
    }
};
/** A worker and the processes that train for it. */
const allOf = ({ child }: Running): number[] => [...childrenOf(child.pid!), child.pid!];

/** Ids of the trials of a study that are done: what the folder says, whatever the output does. */
function doneIn(out: string): string[] {
  const trials = join(folder, out, 'trials');
  if (!existsSync(trials)) return [];
  return readdirSync(trials).filter((id) => existsSync(join(trials, id, 'result.json')));
}
async function done(out: string, count: number): Promise<void> {
  while (doneIn(out).length < count) await pause(50);
}

/** Nothing is lost, and nothing is there twice. */
async function expectWhole(out: string): Promise<void> {
  expect((await run(folder, 'status', out, '--canonical')).stdout).toBe(wanted);
  for (const id of doneIn(out)) {
    const events = readFileSync(join(folder, out, 'trials', id, 'events.jsonl'), 'utf8').split('\n');
    expect(events.filter((line) => line.includes('"state":"done"')).length).toBeLessThanOrEqual(1);
  }
}

for (const kind of serverKinds) {
  if (!kind.installed)
    console.warn(`A queue in ${kind.name} is not tested: it is not here (Debian: ${kind.debian})`);

  describe.skipIf(!kind.installed)(`a study on a queue in ${kind.name}`, () => {
    let data: string;
    let server: Server;
    const begun: Running[] = [];
    const begin = (...args: string[]): Running => {
      const running = start(folder, [...args, '--queue', server.url]);
      begun.push(running);
      return running;
    };
    const worker = (): Running => begin('worker', '--workers', '1', '--lock-seconds', '3');
    const runner = (out: string): Running => begin('run', 'study.json', '--out', out);
    // Also when a test failed.
    afterEach(() => {
      for (const { child } of begun.splice(0)) child.kill('SIGTERM');
    });

    beforeAll(async () => {
      data = mkdtempSync(join(tmpdir(), 'tfjs-sam-server-'));
      server = await kind.make(data);
      await server.start();
    }, 120_000);
    afterAll(async () => {
      await server?.kill();
      rmSync(data, { recursive: true, force: true });
    });

    it('survives a worker that is killed, one that is frozen, and the server killed and started again', async () => {
      const out = `${kind.name}-queued/study`;
      const [first, second] = [worker(), worker()];
      const running = runner(out);
      await done(out, 1);
      // Killed in the middle of a trial, with what trains for it.
      signalled(allOf(first), 'SIGKILL');
      const third = worker();
      await done(out, 3);
      const frozen = allOf(second);
      signalled(frozen, 'SIGSTOP');
      // Its lock ends, and another one takes its trial.
      await pause(7000);
      // What it goes on to do is nobody's any more.
      signalled(frozen, 'SIGCONT');
      await done(out, 5);
      await server.kill();
      await pause(1500);
      await server.start();
      const { code, stdout } = await running.ended;
      expect(stdout).not.toContain('failed');
      expect(code).toBe(0);
      await expectWhole(out);
      for (const { child } of [second, third]) child.kill('SIGTERM');
      await Promise.all([second.ended, third.ended]);
    });

    it('survives SIGKILL of its runner and its two workers at random moments', async () => {
      const out = `${kind.name}-killed/study`;
      const random = seededRandom(5, Number(process.env.TFJS_SAM_SEED ?? 77));
      const workers = [worker(), worker()];
      let running = runner(out);
      const most = Number(process.env.TFJS_SAM_KILLS ?? 8);
      let killed = 0;
      let ended = false;
      for (; killed < most && !ended; killed++) {
        await pause(1000 + random() * 5000);
        const which = Math.floor(random() * 3);
        if (which === 2) {
          running.child.kill('SIGKILL');
          ended = (await running.ended).signal !== 'SIGKILL';
          if (!ended) running = runner(out);
        } else {
          signalled(allOf(workers[which]!), 'SIGKILL');
          await workers[which]!.ended;
          workers[which] = worker();
        }
      }
      expect(await running.ended).toMatchObject({ code: 0 });
      await expectWhole(out);
      console.info(`a queue in ${kind.name}: ${killed} kills of runner and workers: table equal`);
      for (const { child } of workers) child.kill('SIGTERM');
      await Promise.all(workers.map((each) => each.ended));
    });
  });
}

describe('a server that cannot be reached', () => {
  it.each([
    ['refuses', 'redis://:secret@127.0.0.1:1'],
    ['does not answer', 'redis://:secret@10.255.255.1:6379'],
    ['refuses', 'postgres://lab:secret@127.0.0.1:1/lab'],
    ['does not answer', 'postgres://lab:secret@10.255.255.1/lab'],
  ])('and %s fails within ten seconds of the start, with one line: %s', async (_, address) => {
    const study = studyFolder(smallStudy);
    for (const args of [['worker'], ['run', 'study.json', '--out', 'none']]) {
      const before = performance.now();
      const { code, stdout, stderr } = await run(study, ...args, '--queue', address);
      // Loading takes its own time on a busy machine.
      expect(performance.now() - before).toBeLessThan(20_000);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toMatch(/^queue: expected a server at \w+:\/\/…@.*, got: .*\n$/);
    }
    expect(readdirSync(study)).toEqual(['study.json']);
    rmSync(study, { recursive: true });
  });
});
