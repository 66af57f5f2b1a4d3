import type { AnyModelName } from '../models/names.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, turns } from '../settings.js';
import { ratio, scaled, show, summarise } from '../timing.js';
import type { ParallelResult, ParallelSide } from './job.js';

/** Models, and steps that follow one another in a round: some tenths of a second. */
const stepsOf = { 'MLP b8': 200, 'MLP b128': 50, 'CNN b128': 3, 'ResNet-20-like b32': 10 } as const;
type Model = keyof typeof stepsOf;

const titles: Readonly<Record<ParallelSide, string>> = {
  sgd: 'SGD, 1 thread',
  twice: 'SGD, twice at once',
  sam: 'SAM, 1 thread',
  sampa: 'SAMPa, SampaTrainer',
  global: 'SAM, DataParallelTrainer, 2 threads',
  'per-worker': 'SAM, the same, sharpness per worker',
};
const sides = Object.keys(titles) as ParallelSide[];
/** Sides that threads inside of operations run as well. */
const inside: readonly ParallelSide[] = ['sgd', 'sam'];

interface Measured {
  readonly alone: ParallelResult[];
  readonly inside: ParallelResult[];
}

async function measure(models: readonly Model[], settings: Settings): Promise<Map<Model, Measured>> {
  const measured = new Map(models.map((model) => [model, { alone: [], inside: [] } as Measured]));
  const jobs = models.flatMap((model) => [
    { model, threads: 1, sides },
    { model, threads: 2, sides: inside },
  ]);
  for (const [job, repetition] of turns(jobs, settings.repetitions)) {
    settings.log?.(
      `parallel: ${job.model}, ${job.threads} inside, ${repetition + 1} of ${settings.repetitions}`,
    );
    const steps = Math.max(1, Math.round(stepsOf[job.model] * Math.min(1, 10 * settings.scale)));
    const rounds = {
      rounds: scaled(8, settings.scale),
      warmUp: 1,
      settle: Math.min(1_500, 20_000 * settings.scale),
      // Workers look for work for 20 ms.
      rest: 40,
    };
    const { alone, inside } = measured.get(job.model)!;
    (job.threads === 1 ? alone : inside).push(
      await runJob('parallel', { ...job, ...rounds, steps }, settings),
    );
  }
  return measured;
}

const column = (results: readonly ParallelResult[], side: ParallelSide) =>
  results.flatMap((result) => result[side]!);
const medians = (results: readonly ParallelResult[], side: ParallelSide) =>
  results.map((result) => summarise(result[side]!).median);

type Times = (side: ParallelSide) => readonly number[];

/** Half of a side's work on each of two threads that share nothing. */
const halfOf = (side: ParallelSide, of: Times): number[] =>
  of(side).map((time, i) => (time * of('twice')[i]!) / of('sgd')[i]! / 2);

/** The time that a side cannot be under on this machine: its two gradients at once, or two halves. */
function boundOf(side: ParallelSide, of: Times): readonly number[] | undefined {
  if (side === 'sampa') return of('twice');
  return side === 'global' || side === 'per-worker' ? halfOf('sam', of) : undefined;
}

/** Trainers with a worker beside one thread, and beside threads inside of operations. */
export async function parallel(settings: Settings): Promise<Table> {
  const models = chosen(Object.keys(stepsOf) as AnyModelName[], settings) as Model[];
  const measured = await measure(models, settings);
  const rows = [...measured].flatMap(([model, { alone, inside: threaded }]) => {
    const row = (title: string, times: readonly number[], of: Times, bound?: readonly number[]) => [
      ...[model, title, show(summarise(times))],
      ...[show(ratio(times, of('sgd'))), show(ratio(times, of('sam')))],
      bound ? show(ratio(times, bound)) : '',
    ];
    const [byRound, byProcess] = [
      (side: ParallelSide) => column(alone, side),
      (side: ParallelSide) => medians(alone, side),
    ];
    return [
      ...sides.map((side) => row(titles[side], byRound(side), byRound, boundOf(side, byRound))),
      ...inside.map((side) =>
        row(
          `${side.toUpperCase()}, 2 threads inside of operations`,
          medians(threaded, side),
          byProcess,
          halfOf(side, byProcess),
        ),
      ),
    ];
  });
  return {
    name: 'parallel',
    title: 'Parallel: a worker between gradients, threads inside of them',
    columns: ['model', 'side', 'ms a step', '÷ SGD, 1 thread', '÷ SAM, 1 thread', '÷ the machine’s bound'],
    rows,
    notes: [
      `Medians and quartiles over the rounds of ${settings.repetitions} processes, in which the sides take turns, some steps each; of threads inside of operations over processes.`,
      'SAMPa’s step beside SGD’s is the first ratio, data-parallel SAM beside SAM the second.',
      '“Twice at once”: SGD’s step on two threads that share nothing but the machine. Its ratio to SGD alone is the machine’s bound: SAMPa’s step ÷ SGD’s cannot be less, nor what shares a gradient ÷ one thread less than half of it. It is 1 on two cores, up to 2 on the hyper-threads of one.',
      'The trainers’ workers do not rest here (`fallback: false`).',
    ],
  };
}
