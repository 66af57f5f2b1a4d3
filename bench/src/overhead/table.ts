import { type ModelName, roundsOf } from '../models/names.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, turns } from '../settings.js';
import { ratio, scaled, show, summarise } from '../timing.js';
import type { OverheadResult } from './job.js';

const measured = ['MLP b128', 'MLP b8', 'CNN b128', 'ResNet-20-like b32'] as const;

type Times = OverheadResult[string];

/** Every model's times: from processes of its own, and from processes that hold all models. */
async function measure(names: readonly ModelName[], settings: Settings) {
  const rounds = Object.fromEntries(names.map((name) => [name, scaled(roundsOf[name], settings.scale)]));
  const settle = Math.min(5_000, 20_000 * settings.scale);
  const alone = new Map<ModelName, Times[]>(names.map((name) => [name, []]));
  const together = new Map<ModelName, Times[]>(names.map((name) => [name, []]));
  const groups = [...names.map((name) => [name]), names];
  for (const [group, repetition] of turns(groups, settings.repetitions)) {
    settings.log?.(`overhead: ${group.join(', ')}, ${repetition + 1} of ${settings.repetitions}`);
    const result = await runJob('overhead', { models: group, rounds, settle }, settings);
    const into = group === names ? together : alone;
    for (const name of group) into.get(name)!.push(result[name]!);
  }
  return { alone, together };
}

const column = (times: readonly Times[], key: keyof Times) => times.flatMap((each) => each[key]);
const overFloor = (times: readonly Times[], key: 'sam' | 'msam') =>
  show(ratio(column(times, key), column(times, 'floor')), 3);

/** What a step costs beside its gradients and the base update, all timed in the same rounds. */
export async function overhead(settings: Settings): Promise<Table> {
  const names = chosen(measured, settings);
  const { alone, together } = await measure(names, settings);
  const rows = names.map((name) => {
    const [own, shared] = [alone.get(name)!, together.get(name)!];
    return [
      name,
      show(summarise(column(own, 'floor'))),
      overFloor(own, 'sam'),
      overFloor(own, 'msam'),
      overFloor(shared, 'sam'),
      overFloor(shared, 'msam'),
      show(summarise(own.map((times, i) => summarise(shared[i]!.sam).median / summarise(times.sam).median))),
    ];
  });
  return {
    name: 'overhead',
    title: 'Overhead: step ÷ (2 gradients + base update), SGD with momentum',
    columns: [
      'model',
      'floor, ms',
      'SAM',
      'M-SAM',
      'SAM, all in one process',
      'M-SAM, all in one process',
      'SAM step, in one process ÷ alone',
    ],
    rows,
    notes: [
      `Medians and quartiles over the rounds of ${settings.repetitions} processes each; the last column over processes.`,
    ],
  };
}
