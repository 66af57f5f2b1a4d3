import { availableParallelism } from 'node:os';
import { type ModelName, modelNames, roundsOf } from '../models/names.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, selected, turns } from '../settings.js';
import { ratio, scaled, show, summarise } from '../timing.js';

/** A way to use the cores: its name, threads of a process, processes at once. */
interface Side {
  readonly name: string;
  readonly threads: number;
  readonly processes: number;
}

const alone: Side = { name: '1 thread', threads: 1, processes: 1 };

/** One thread, several threads, and as many processes of one thread: what the cores give where nothing is shared. */
function sides(): Side[] {
  const counts = [2, 4, 8].filter((count) => count === 2 || count <= availableParallelism());
  return [
    alone,
    ...counts.flatMap((count) => [
      { name: `${count} threads`, threads: count, processes: 1 },
      { name: `${count} processes of 1 thread, time ÷ ${count}`, threads: 1, processes: count },
    ]),
  ];
}

/** The median time for a gradient: of processes at once, their mean divided by their number. */
async function timeOf(side: Side, model: ModelName, settings: Settings): Promise<number> {
  const settle = Math.min(1_500, 20_000 * settings.scale);
  const rounds = scaled(5 * roundsOf[model], settings.scale);
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
    times.push(await timeOf(side, model, settings));
  }
  const rows = pairs.map(({ model, side, times }) => {
    const one = pairs.find((pair) => pair.model === model && pair.side.name === alone.name);
    return [model, side.name, show(summarise(times), 3), one ? show(ratio(times, one.times)) : ''];
  });
  return {
    name: 'threads',
    title: 'Threads: one gradient on several',
    columns: ['model', 'side', 'ms', '÷ 1 thread'],
    rows,
    notes: [
      `Medians of ${settings.repetitions} processes per side, in turns; median and quartiles over the processes.`,
      'Processes at once share nothing but the machine: where they gain little, its “cores” are halves of one (hyper-threads).',
    ],
  };
}
