import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Running, run, smallStudy, start, studyFolder } from './fixtures/cli.js';

const hasRedis = spawnSync('redis-server', ['--version']).status === 0;
if (!hasRedis) console.warn('The queue is not tested: there is no redis-server here (Debian: redis-server)');

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

let folder: string;
let data: string;
let wanted: string;
let port: number;
let redis: ChildProcess;
let url: string;

/** Trials that take seconds, so that what is killed is in the middle of one. */
const longer = { ...smallStudy, task: { ...smallStudy.task, epochs: 40 }, choose: { seeds: 2 } };

/** A server with a password and append-only files, whose data survive it. */
function startRedis(): ChildProcess {
  const args = ['--port', String(port), '--requirepass', 'secret', '--dir', data, '--appendonly', 'yes'];
  return spawn('redis-server', [...args, '--appendfsync', 'always'], { stdio: 'ignore' });
}

const worker = (): Running =>
  start(folder, ['worker', '--queue', url, '--workers', '1', '--lock-seconds', '3']);
/** Resolves when so many trials of a study are done: what the folder says, whatever the output does. */
async function done(out: string, count: number): Promise<void> {
  const trials = join(folder, out, 'trials');
  const results = (): number =>
    existsSync(trials)
      ? readdirSync(trials).filter((id) => existsSync(join(trials, id, 'result.json'))).length
      : 0;
  while (results() < count) await new Promise((resolve) => setTimeout(resolve, 50));
}
const childrenOf = (parent: number): number[] =>
  execFileSync('ps', ['-o', 'pid=', '--ppid', String(parent)], { encoding: 'utf8' })
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);

describe.skipIf(!hasRedis)('a study on a queue', () => {
  beforeAll(async () => {
    folder = studyFolder(longer);
    data = mkdtempSync(join(tmpdir(), 'tfjs-sam-redis-'));
    port = await freePort();
    url = `redis://:secret@127.0.0.1:${port}`;
    redis = startRedis();
    expect((await run(folder, 'run', 'study.json', '--workers', '0', '--out', 'whole')).code).toBe(0);
    wanted = (await run(folder, 'status', 'whole', '--canonical')).stdout;
  }, 300_000);
  afterAll(() => {
    redis.kill('SIGKILL');
    rmSync(folder, { recursive: true });
    rmSync(data, { recursive: true, force: true });
  });

  it('survives a worker that is killed, one that is frozen, and the server killed and started again', async () => {
    const [first, second] = [worker(), worker()];
    const runner = start(folder, ['run', 'study.json', '--queue', url, '--out', 'queued']);
    await done('queued', 1);
    // Killed in the middle of a trial, with what trains for it.
    for (const pid of [...childrenOf(first.child.pid!), first.child.pid!]) process.kill(pid, 'SIGKILL');
    const third = worker();
    await done('queued', 3);
    const frozen = [second.child.pid!, ...childrenOf(second.child.pid!)];
    for (const pid of frozen) process.kill(pid, 'SIGSTOP');
    await done('queued', 5);
    redis.kill('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 1500));
    redis = startRedis();
    const { code, stdout } = await runner.ended;
    expect(code).toBe(0);
    expect(stdout).not.toContain('failed');
    // What the frozen worker did meanwhile is nobody's any more.
    for (const pid of frozen) process.kill(pid, 'SIGCONT');
    expect((await run(folder, 'status', 'queued', '--canonical')).stdout).toBe(wanted);
    for (const { child } of [second, third]) child.kill('SIGTERM');
    await Promise.all([second.ended, third.ended]);
  });

  it('goes on after its runner was killed, with what the workers did meanwhile', async () => {
    const workers = [worker(), worker()];
    const runner = start(folder, ['run', 'study.json', '--queue', url, '--out', 'runner-killed']);
    await done('runner-killed', 2);
    runner.child.kill('SIGKILL');
    await runner.ended;
    const { code } = await run(folder, 'run', 'study.json', '--queue', url, '--out', 'runner-killed');
    expect(code).toBe(0);
    expect((await run(folder, 'status', 'runner-killed', '--canonical')).stdout).toBe(wanted);
    for (const { child } of workers) child.kill('SIGTERM');
    await Promise.all(workers.map(({ ended }) => ended));
  });
});

describe('a server that cannot be reached', () => {
  it.each([
    ['refuses', 'redis://:secret@127.0.0.1:1'],
    ['does not answer', 'redis://:secret@10.255.255.1:6379'],
  ])('and %s fails within ten seconds of the start, with one line', async (_, address) => {
    const study = studyFolder(smallStudy);
    const before = performance.now();
    const { code, stderr } = await run(study, 'worker', '--queue', address);
    // Loading takes its own time on a busy machine.
    expect(performance.now() - before).toBeLessThan(20_000);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^queue: expected a server at redis:\/\/…@.*, got: .*\n$/);
    rmSync(study, { recursive: true });
  });
});
