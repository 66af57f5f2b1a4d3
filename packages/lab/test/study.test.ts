import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import {
  type Executor,
  InProcessExecutor,
  main,
  runStudy,
  type StudyInput,
  type StudyListener,
} from '@tfjs-sam/lab';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { mergeCommand } from '../src/commands/merge.js';
import { runCommand } from '../src/commands/run.js';
import { parseShard } from '../src/execute/shard.js';
import { canonicalTable } from '../src/study/canonical-table.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-study-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

class Text extends Writable {
  text = '';
  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

async function command(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const [stdout, stderr] = [new Text(), new Text()];
  const code = await main(args, { stdout, stderr });
  return { code, stdout: stdout.text, stderr: stderr.text };
}

const study: StudyInput = {
  study: 'small',
  task: {
    dataset: { name: 'digits', train: 256 },
    model: { name: 'mlp', hidden: [8] },
    batchSize: 64,
    epochs: 2,
  },
  optimizer: { base: { name: 'sgd', learningRate: { name: 'cosine', from: 0.1 } } },
  arms: { sgd: {}, sam: { variant: 'sam', rho: { grid: [0.05, 0.1] } } },
  seeds: 2,
};

describe('a study file', () => {
  const file = (text: string): string => {
    const path = join(folder, 'study.yaml');
    writeFileSync(path, text);
    return path;
  };
  const good = `study: s
task: { dataset: digits, model: mlp, epochs: 1 }
optimizer: { base: { name: sgd, learningRate: 0.1 } }
arms:
  sgd:
  sam:
    variant: sam
    rho: { grid: [0.1] }
`;

  it.each([
    ['rho: { grid: [0.1] }', 'rho: -1', /study\.yaml:8: arms\.sam\.rho: expected .*got -1/],
    [
      'variant: sam',
      'variant: sma',
      /study\.yaml:7: arms\.sam\.variant: expected one of .*Did you mean "sam"/,
    ],
    ['    rho:', '    roh:', /study\.yaml:8: arms\.sam\.roh: .*Did you mean "rho"/],
    ['{ grid: [0.1] }', '{ grid: [] }', /study\.yaml:8: arms\.sam\.rho: expected grid to be a list/],
    [
      'model: mlp',
      'model: mpl',
      /study\.yaml:2: task\.model.*: expected one of .*got "mpl"\. Did you mean "mlp"/,
    ],
    ['epochs: 1', 'epochs: 0', /study\.yaml:2: task\.epochs: expected integer >= 1, got 0/],
    ['study: s', 'study: s\nseeds: none', /study\.yaml:2: seeds: expected .*got "none"/],
    [
      'study: s',
      'study: s\nbaseline: x',
      /study\.yaml:2: baseline: expected one of the arms \[sgd, sam\], got "x"/,
    ],
    ['study: s', 'sutdy: s', /study\.yaml:\d+: .*/],
    [
      'digits, model: mlp, epochs: 1 }',
      '{ name: csv, path: numbers.csv, kind: number }, model: mlp, batchSize: 2 }\nmeasures: [gradient-norm, ece]',
      /study\.yaml:3: measures\.1: ece: expected a task with classes, got one without/,
    ],
    [
      'epochs: 1 }',
      'validation: 0 }\nmeasures: [{ name: nll, split: validation }]',
      /study\.yaml:3: measures\.0: nll: expected a task with a validation split, got one without/,
    ],
    ['  sgd:\n', '  sgd: [\n', /study\.yaml:\d+: /],
  ])('with %j as %j is refused with file, line, path and what is accepted', async (from, to, message) => {
    writeFileSync(join(folder, 'numbers.csv'), '1,2\n3,4\n5,6\n7,8\n9,8\n7,6\n5,4\n3,2');
    const { code, stderr } = await command('run', file(good.replace(from, to)), '--workers', '0');
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  it('that is not there is told in one line', async () => {
    const { code, stderr } = await command('run', join(folder, 'none.yaml'));
    expect(code).toBe(2);
    expect(stderr).toMatch(/none\.yaml: expected a study file .*there is no such file\n$/);
  });
});

describe('a study', () => {
  it('runs on an executor and tells a listener of the program that runs it', async () => {
    const own = new InProcessExecutor();
    const heard: string[] = [];
    let closed = 0;
    // A machine that loses the first job that it is given.
    let lost: string | undefined;
    const executor: Executor = {
      slots: 2,
      description: 'on two unreliable slots',
      run: (job, listener) => {
        if (lost === undefined) {
          lost = job.spec.id;
          throw new Error('the machine is gone');
        }
        return own.run(job, listener);
      },
      close: async () => {
        closed++;
      },
    };
    const listener: StudyListener = {
      begin: (total, over) => heard.push(`${over} of ${total}`),
      retry: ({ id }, attempt, reason) => heard.push(`${id === lost} ${attempt} ${reason}`),
      trialEnd: ({ arm }) => heard.push(arm),
    };
    const output = new Text();
    const arms = { sgd: {} };
    const path = join(folder, 'own-services');
    const clock = () => new Date(Date.UTC(2000, 0, 1));
    const results = await runStudy({ ...study, arms }, { folder: path, executor, listener, clock, output });
    expect(heard.sort()).toEqual(['0 of 2', 'sgd', 'sgd', 'true 1 the machine is gone']);
    expect(output.text).toBe(`${path}: on two unreliable slots\n`);
    expect(closed).toBe(1);
    const usual = await runStudy({ ...study, arms }, { folder: join(folder, 'usual', 'services') });
    expect(canonicalTable(results)).toBe(canonicalTable(usual));
    const times = readdirSync(path, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.jsonl?$/.test(file))
      .flatMap((file) => readFileSync(join(path, file), 'utf8').match(/\d{4}-\d\d-\d\dT[\d:.]+Z/g) ?? []);
    // The study's begin, two results, three attempts of two events each.
    expect(times).toEqual(Array(1 + 2 + 6).fill('2000-01-01T00:00:00.000Z'));
  });

  it('tells from the start how many trials there will be, those of the chosen point among them', async () => {
    let [expected, ended] = [0, 0];
    const listener: StudyListener = {
      begin: (total) => {
        expected = total;
      },
      trialEnd: () => {
        ended++;
      },
    };
    await runStudy(
      { ...study, choose: { seeds: 1 } },
      { folder: join(folder, 'apart', 'counted'), listener },
    );
    // In a folder apart: results of studies beside it would be taken over. SGD twice, each radius once, the chosen one again.
    expect([expected, ended]).toEqual([5, 5]);
  });

  it('is not run twice, goes on after damage, and refuses to become another', async () => {
    const output = new Text();
    const path = join(folder, 'twice');
    const first = await runStudy(study, { folder: path });
    expect(first.trials).toHaveLength(6);
    const chosen = first.arms[1]!.points.filter((point) => point.chosen);
    expect(chosen).toHaveLength(1);
    const table = canonicalTable(first);
    // A trial whose result is gone, and whose last line is torn.
    const [id] = readdirSync(join(path, 'trials'));
    rmSync(join(path, 'trials', id!, 'result.json'));
    appendFileSync(join(path, 'trials', id!, 'epochs.jsonl'), '{"epoch":3,"st');
    const second = await runStudy(study, { folder: path, output });
    expect(output.text).toContain('6 trials, 5 of them done before');
    expect(canonicalTable(second)).toBe(table);
    const lines = readFileSync(join(path, 'trials', id!, 'epochs.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).epoch)).toEqual([1, 2]);

    const changed = { ...study, task: { ...study.task, batchSize: 32 } };
    await expect(runStudy(changed, { folder: path })).rejects.toThrow(
      /expected the study that began there, got another:\n {2}task\.batchSize: 64 → 32\n6 of its 6 trials/,
    );
    const more = { ...study, seeds: 3, arms: { ...study.arms, asam: { variant: 'asam' } } };
    await expect(runStudy(more, { folder: path })).rejects.toThrow(/seeds: 2 → 3(.|\n)*--extend adds to it/);
    const extended = await runStudy(more, { folder: path, extend: true });
    expect(extended.trials).toHaveLength(4 * 3);
    expect(canonicalTable(extended).split('\n')).toEqual(expect.arrayContaining(table.trimEnd().split('\n')));
  });

  it('has a full size, which its section `full` says, in a folder of its own', async () => {
    const file = join(folder, 'sized.json');
    const sized = { ...study, study: 'sized', arms: { sgd: {} }, seeds: 1 };
    writeFileSync(file, JSON.stringify({ ...sized, full: { seeds: 2, 'task.epochs': 3 } }));
    const out = join(folder, 'sizes', 'full');
    expect(await command('run', file, '--full', '--workers', '0', '--out', out)).toMatchObject({ code: 0 });
    const { stdout } = await command('status', out, '--canonical');
    const rows = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { epochs: object[] });
    expect(rows.map(({ epochs }) => epochs.length)).toEqual([3, 3]);
    writeFileSync(file, JSON.stringify(sized));
    const { code, stderr } = await command('run', file, '--full', '--out', join(folder, 'sizes', 'none'));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/expected a section "full", .*, got none\n$/)]);
    writeFileSync(file, JSON.stringify({ ...sized, full: { seeds: -1 } }));
    expect((await command('run', file, '--full')).stderr).toMatch(/seeds: .*got -1\n$/);
  });

  it('is read where its data and modules are gone, and not gone on with where they changed', async () => {
    const table = join(folder, 'table.csv');
    const rows = Array.from({ length: 60 }, (_, i) => `${i % 3},${Math.sin(i)},${i % 2 ? 'odd' : 'even'}`);
    writeFileSync(table, rows.join('\n'));
    const module = join(folder, 'wide.mjs');
    const core = JSON.stringify(import.meta.resolve('@tfjs-sam/core'));
    writeFileSync(
      module,
      `import { definePart } from ${core};
export const lines = definePart({
  kind: 'exporter', name: 'lines', doc: 'A line a trial', options: {},
  create: () => ({ files: ({ trials }) => ({ 'lines.txt': trials.map(({ id }) => id).join() }) }),
});`,
    );
    const file = join(folder, 'away.json');
    const dataset = { name: 'csv', path: './table.csv' };
    const task = { dataset, model: 'mlp', batchSize: 8, epochs: 1 };
    writeFileSync(file, JSON.stringify({ ...study, plugins: ['./wide.mjs'], task, seeds: 1 }));
    const out = join(folder, 'away', 'study');
    expect(await command('run', file, '--workers', '0', '--out', out)).toMatchObject({ code: 0, stderr: '' });
    const told = await command('status', out, '--canonical');
    expect(await command('export', out, '--format', 'lines')).toMatchObject({ code: 0 });

    appendFileSync(module, '// Other code.');
    const again = await command('run', out, '--workers', '0');
    expect([again.code, again.stderr]).toEqual([
      2,
      expect.stringMatching(/version\.wide\.mjs: (.|\n)*3 of its 3/),
    ]);
    for (const path of [table, module]) rmSync(path);
    expect(await command('status', out, '--canonical')).toEqual(told);
    expect(await command('report', out)).toMatchObject({ code: 0, stderr: '' });
    expect(await command('export', out, '--format', 'latex,csv')).toMatchObject({ code: 0, stderr: '' });
    const gone = await command('run', out, '--workers', '0');
    expect([gone.code, gone.stderr]).toEqual([2, expect.stringMatching(/^[^\n]*wide\.mjs[^\n]*\n$/)]);
  });

  it('is only checked and counted by a dry run', async () => {
    const file = join(folder, 'dry.json');
    writeFileSync(file, JSON.stringify({ ...study, choose: { seeds: 1 } }));
    const out = join(folder, 'dry');
    const { code, stdout } = await command('run', file, '--dry-run', '--out', out);
    expect(code).toBe(0);
    expect(stdout).toBe(
      `${out}: 6 trials: 2 arms, 1 tasks, 2 seeds; fewer are run to the end, as \`choose\` says. Nothing was run\n`,
    );
    expect(existsSync(out)).toBe(false);
  });

  it('takes equal trials from a study beside it', async () => {
    const output = new Text();
    const { sgd } = study.arms;
    await runStudy(
      { ...study, study: 'other', arms: { plain: sgd! } },
      { folder: join(folder, 'beside'), output },
    );
    expect(output.text).toContain('2 trials are taken from studies beside');
    expect(output.text).toContain('2 trials, 2 of them done before');
  });

  it('done in shards and merged is the same', async () => {
    const file = join(folder, 'sharded.json');
    // A trial that is stopped has no result: its records are what is merged.
    const stopping: StudyInput = {
      ...study,
      choose: { seeds: 2, stopping: { name: 'asha', from: 1, reduction: 2 } },
    };
    writeFileSync(file, JSON.stringify(stopping));
    const output = new Text();
    const shards = join(folder, 'shards');
    for (const shard of ['0/3', '1/3', '2/3']) {
      await runCommand(file, { out: join(shards, 'sharded'), shard, workers: '0' }, output);
    }
    expect(readdirSync(shards)).toHaveLength(3);
    const parts = readdirSync(shards).map((name) => join(shards, name));
    await mergeCommand(parts, {}, output);
    expect(output.text).not.toContain('Some trials are missing');
    const { stdout } = await command('status', join(shards, 'sharded'), '--canonical');
    const alone = await runStudy(stopping, { folder: join(folder, 'alone', 'whole') });
    expect(stdout).toBe(canonicalTable(alone));
    expect(stdout).toContain('"state":"stopped"');
  });

  it('tells why a trial failed, tries again, and chooses among the others', async () => {
    const output = new Text();
    writeFileSync(
      join(folder, 'failing.mjs'),
      `import { definePart } from ${JSON.stringify(import.meta.resolve('@tfjs-sam/core'))};
export const failing = definePart({
  kind: 'measure', name: 'failing', doc: 'Fails for one seed', options: {},
  create: () => ({
    columns: [{ name: 'failing', title: 'failing' }],
    async measure({ seed }) { if (seed === 1) throw new Error('no luck'); return { failing: { value: seed } }; },
  }),
});`,
    );
    const failing = {
      ...study,
      plugins: [join(folder, 'failing.mjs')],
      arms: { sgd: {} },
      measures: ['failing'],
      retries: 1,
    };
    const results = await runStudy(failing, { folder: join(folder, 'failed'), output });
    expect(results.trials.map(({ state, attempts }) => [state, attempts])).toEqual([
      ['done', 1],
      ['failed', 2],
    ]);
    expect(results.trials[1]!.reason).toBe('no luck');
    expect(output.text).toContain('attempt 1 failed, is tried again: no luck');
    const file = join(folder, 'failing.json');
    writeFileSync(file, JSON.stringify(failing));
    const again = await command('run', file, '--workers', '0', '--out', join(folder, 'failed'));
    expect([again.code, again.stderr]).toEqual([
      1,
      expect.stringMatching(/failed: 1 of 2 trials failed\. .* --retry-failed begins them again\n$/),
    ]);
    expect(again.stdout).toContain('mlp-digits sgd seed 1: failed after 2 attempts: no luck\n');

    const searched = {
      ...failing,
      arms: { sam: { variant: 'sam', rho: { grid: [0.05, 0.1] } } },
      seeds: [1],
      retries: 0,
    };
    const none = await runStudy(searched, { folder: join(folder, 'none-left') });
    expect(none.trials.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(none.arms[0]!.points.map(({ chosen }) => chosen)).toEqual([false, false]);
    expect(none.arms[0]!.hopeless).toEqual(['mlp-digits']);
    const told = await command('status', join(folder, 'none-left'));
    expect(told.stdout).toMatch(/sam +.*none/);
    expect(told.stdout).not.toContain('not yet');
  });

  it('stops in the middle of a training in this process, and goes on to the same end', async () => {
    const long = { ...study, task: { ...study.task, epochs: 60 }, arms: { sgd: {} }, checkpointSeconds: 0 };
    const path = join(folder, 'interrupted', 'study');
    const listener: StudyListener = {
      epoch: (_, { epoch }) => void (epoch === 2 && setTimeout(() => process.emit('SIGTERM', 'SIGTERM'), 0)),
    };
    await expect(runStudy(long, { folder: path, listener })).rejects.toMatchObject({
      exitCode: 143,
      message: expect.stringMatching(/stopped\. The same command goes on from here/),
    });
    const [id, ...others] = readdirSync(join(path, 'trials'));
    expect([others, existsSync(join(path, 'trials', id!, 'result.json'))]).toEqual([[], false]);
    const whole = await runStudy(long, { folder: join(folder, 'uninterrupted', 'study') });
    expect(canonicalTable(await runStudy(long, { folder: path }))).toBe(canonicalTable(whole));
  });
});

describe('parseShard', () => {
  it('reads i/n, and the task of a Slurm array or an indexed job', () => {
    expect(parseShard('1/4', {})).toEqual({ index: 1, count: 4 });
    expect(parseShard(undefined, {})).toBeUndefined();
    const slurm = { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_COUNT: '4', SLURM_ARRAY_TASK_MIN: '5' };
    expect(parseShard(undefined, slurm)).toEqual({ index: 2, count: 4 });
    expect(parseShard(undefined, { JOB_COMPLETION_INDEX: '0', JOB_COMPLETION_COUNT: '2' })).toEqual({
      index: 0,
      count: 2,
    });
    expect(parseShard(undefined, { ...slurm, SLURM_ARRAY_TASK_STEP: '2' })).toEqual({ index: 1, count: 4 });
    expect(() => parseShard('4/4', {})).toThrow(/0 <= i < n, got "4\/4"/);
    // --array=0,7: two tasks, which are not the shards 0 and 1.
    const gaps = { SLURM_ARRAY_TASK_ID: '7', SLURM_ARRAY_TASK_COUNT: '2', SLURM_ARRAY_TASK_MIN: '0' };
    const alone = { SLURM_ARRAY_TASK_ID: '3', SLURM_ARRAY_TASK_COUNT: '1', SLURM_ARRAY_TASK_MIN: '3' };
    expect(() => parseShard(undefined, alone)).toThrow(/got task 3 of 1: name the shard/);
    expect(() => parseShard(undefined, gaps)).toThrow(/an array of tasks 0 to n - 1, got task 7 of 2/);
  });
});
