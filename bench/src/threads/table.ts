import { availableParallelism } from 'node:os';
import { findTorch, torchNote, torchTimes } from '../gradient/torch.js';
import { type ModelName, modelNames, roundsOf } from '../models/names.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, selected, turns } from '../settings.js';
import { ratio, scaled, show, summarise } from '../timing.js';

/** A way to use the cores: its name, threads of a process, processes at once, and what is in them. */
interface Side {
  readonly name: string;
  readonly threads: number;
  readonly processes: number;
  readonly in?: 'PyTorch';
}

const alone: Side = { name: '1 thread', threads: 1, processes: 1 };
const inTorch = (threads: number): Side => ({
  ...{ name: `PyTorch, ${threads} thread${threads === 1 ? '' : 's'}`, threads, processes: 1, in: 'PyTorch' },
});

const apart = (count: number): Side => ({
  ...{ name: `${count} processes of 1 thread, time ÷ ${count}`, threads: 1, processes: count },
});

/** One thread, several threads, as many processes of one thread (what the cores give where nothing is shared), and PyTorch. */
function sides(): Side[] {
  const counts = [2, 4, 8].filter((count) => count === 2 || count <= availableParallelism());
  return [
    inTorch(1),
    alone,
    ...counts.flatMap((count) => [
      inTorch(count),
      { name: `${count} threads`, threads: count, processes: 1 },
      apart(count),
    ]),
  ];
}

/** The median time for a gradient: of processes at once, their mean divided by their number. Undefined where there is no PyTorch. */
async function timeOf(side: Side, model: ModelName, settings: Settings): Promise<number | undefined> {
  const settle = Math.min(1_500, 20_000 * settings.scale);
  const rounds = scaled(5 * roundsOf[model], settings.scale);
  if (side.in === 'PyTorch') {
    const torch = findTorch();
    if (!torch) return undefined;
    return summarise(await torchTimes(torch, model, { rounds, warmUp: 3 }, 'cpu', side.threads)).median;
  }
  const limit = settle + Math.max(500, 3_000 * settings.scale);
  const job = { model, threads: side.threads, rounds, warmUp: 3, settle, limit };
  const runs = await Promise.all(
    Array.from({ length: side.processes }, () => runJob('threads', job, settings)),
  );
  const medians = runs.map((times) => summarise(times).median);
  return medians.reduce((sum, time) => sum + time, 0) / side.processes ** 2;
}

/** The gradient on several threads beside one, and what the machine's cores would give. */
export async function threads(settings: Settings): Promise<Table> {
  const names = chosen(modelNames, settings);
  const all = selected(sides(), ({ name }) => name, settings);
  const pairs = names.flatMap((model) => all.map((side) => ({ model, side, times: [] as number[] })));
  for (const [{ model, side, times }, repetition] of turns(pairs, settings.repetitions)) {
    settings.log?.(`threads: ${model}, ${side.name}, ${repetition + 1} of ${settings.repetitions}`);
    times.push((await timeOf(side, model, settings)) ?? Number.NaN);
  }
  const torch = findTorch();
  const rows = pairs.map(({ model, side, times }) => {
    const named = (name: string) => pairs.find((pair) => pair.model === model && pair.side.name === name);
    const [one, rival] = [
      named(side.in ? inTorch(1).name : alone.name),
      torch && !torch.referenceBlas ? named(inTorch(side.threads * side.processes).name) : undefined,
    ];
    const over = (other: typeof one) => (other ? show(ratio(times, other.times)) : '');
    const bound = side.in || side.threads === 1 ? undefined : named(apart(side.threads).name);
    if (side.in && !torch) return [model, side.name, 'not installed', '', '', ''];
    return [model, side.name, show(summarise(times), 3), over(one), over(bound), over(rival)];
  });
  return {
    name: 'threads',
    title: 'Threads: one gradient on several',
    columns: ['model', 'side', 'ms', '÷ 1 thread', '÷ the machine’s bound', '÷ PyTorch on as many'],
    rows,
    notes: [
      `Medians of ${settings.repetitions} processes per side, in turns; median and quartiles over the processes.`,
      torchNote(torch, 'the threads of the row'),
      'Processes at once share nothing but the machine: their row is its bound, which no split of a gradient gets under. Where they gain little, its “cores” are halves of one (hyper-threads).',
    ],
  };
}
