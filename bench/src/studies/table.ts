import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { type Settings, selected, turns } from '../settings.js';
import { ratio, scaled, show, summarise } from '../timing.js';
import { comparison } from './comparison.js';

/** The built command line: what users start. */
const cli = (): string =>
  createRequire(import.meta.url)
    .resolve('@tfjs-sam/lab')
    .replace(/(src|dist)\/index\.[jt]s$/, 'dist/cli.js');

interface Ran {
  readonly seconds: number;
  /** Largest resident memory of the process that was started, where the system tells. */
  readonly megabytes: number | undefined;
}

/** Runs the command line to its end. @throws Error with what it wrote when it fails. */
function command(cwd: string, ...args: string[]): Promise<Ran> {
  const start = performance.now();
  const child = spawn(process.execPath, [cli(), ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
  let [stderr, peak] = ['', 0];
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  const watch = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // Elsewhere, or over.
    }
  }, 20);
  return new Promise((resolve, reject) => {
    child.on('close', (code) => {
      clearInterval(watch);
      const seconds = (performance.now() - start) / 1000;
      if (code === 0) resolve({ seconds, megabytes: peak > 0 ? peak / 1024 : undefined });
      else reject(new Error(`tfjs-sam ${args.join(' ')}: exit code ${code}: ${stderr}`));
    });
  });
}

/** Trials of almost no work. */
const many = (seeds: number) => ({
  study: 'many',
  task: { name: 'surface', surface: 'saddle', epochs: 5, steps: 2 },
  optimizer: { base: { name: 'sgd', learningRate: 0.05 } },
  arms: { sgd: null, sam: { variant: 'sam', rho: 0.1 } },
  seeds,
});

/** What the engine of studies costs beside the trainings. */
export async function studies(settings: Settings): Promise<Table> {
  const { scale, log, repetitions } = settings;
  const size = { seeds: Math.max(1, Math.round(5 * scale)), epochs: Math.max(1, Math.round(30 * scale)) };
  const here = mkdtempSync(join(tmpdir(), 'tfjs-sam-bench-'));
  const put = (name: string, study: object) => writeFileSync(join(here, name), JSON.stringify(study));
  put('comparison.json', comparison(size));
  const [queued, finished] = [10_000, 1_000].map((count) => Math.max(2, Math.round((count / 2) * scale)));
  put('queued.json', many(queued!));
  put('finished.json', many(finished!));
  const bare = async (): Promise<number> => {
    const start = performance.now();
    await runJob('studies', size, settings);
    return (performance.now() - start) / 1000;
  };
  let runs = 0;
  const engine = async (workers: number): Promise<number> =>
    (await command(here, 'run', 'comparison.json', '--workers', String(workers), '--out', `${++runs}/out`))
      .seconds;
  const sides = { bare, one: () => engine(1), two: () => engine(2) };
  const trainings = async (): Promise<string[][]> => {
    const times: Record<string, number[]> = { bare: [], one: [], two: [] };
    for (const [side, repetition] of turns(['bare', 'one', 'two'] as const, repetitions)) {
      log?.(`studies: ${side}, ${repetition + 1} of ${repetitions}`);
      times[side]!.push(await sides[side]());
    }
    const [plain, one, two] = [times.bare!, times.one!, times.two!];
    return [
      [`${6 * size.seeds} trainings in a loop of one's own`, show(summarise(plain), 1), '1', ''],
      [
        'the same as a study, one process',
        show(summarise(one), 1),
        `${show(ratio(one, plain), 3)} × the time`,
        '',
      ],
      ['the same, two processes', show(summarise(two), 1), `${show(ratio(one, two))} × the throughput`, ''],
    ];
  };
  const row = (what: string, { seconds, megabytes }: Ran): string[][] => [
    [what, seconds.toFixed(2), '', megabytes?.toFixed(0) ?? ''],
  ];
  const beside = async (): Promise<string[][]> => {
    const { bare: plain, engine: own } = await runJob(
      'engine',
      { seeds: 1, epochs: size.epochs, rounds: scaled(5, scale) },
      settings,
    );
    const seconds = (times: readonly number[]) => show(summarise(times.map((ms) => ms / 1000)), 2);
    return [
      ['6 trainings, in turn with the next line, in one process', seconds(plain), '1', ''],
      [
        'the same as a study, in the same process',
        seconds(own),
        `${show(ratio(own, plain), 3)} × the time`,
        '',
      ],
    ];
  };
  const parts = {
    beside,
    trainings,
    expansion: async () =>
      row(
        `a study of ${2 * queued!} trials, expanded`,
        await command(here, 'run', 'queued.json', '--dry-run'),
      ),
    report: async () => {
      await command(here, 'run', 'finished.json', '--workers', '2', '--out', 'finished');
      return row(`the report of ${2 * finished!} finished trials`, await command(here, 'report', 'finished'));
    },
  };
  try {
    const rows: string[][] = [];
    for (const part of selected(Object.keys(parts) as (keyof typeof parts)[], (name) => name, settings)) {
      log?.(`studies: ${part}`);
      rows.push(...(await parts[part]()));
    }
    return {
      name: 'studies',
      title: 'Studies: what the engine costs',
      columns: ['what', 'seconds', 'compared', 'MiB at most'],
      rows,
      notes: [
        'The default comparison at ρ = 0.1, with the same evaluations. The first two lines take turns in one process; the others are from the start of a process to its end: loading, checking, the report.',
        'Trials of the last two rows walk on a surface; five epochs each.',
      ],
    };
  } finally {
    rmSync(here, { recursive: true });
  }
}
