import type { Point, StudyResults, TrialResult } from '../results.js';
import { number, optionColumns, text } from './columns.js';
import { none, optionText } from './format.js';
import { type ColumnOf, type Table, tableOf } from './table.js';

const pointText = (point: Point): string =>
  Object.entries(point)
    .map(([path, value]) => `${path} = ${optionText(value)}`)
    .join(', ') || none;

/** Trials that did not end well, and why; undefined where all did. */
export function failuresTable(results: StudyResults): Table | undefined {
  const rows = results.trials.filter(
    ({ state, outcome }) => state === 'failed' || state === 'stopped' || (outcome && outcome !== 'ok'),
  );
  if (rows.length === 0) return undefined;
  return tableOf<TrialResult>(
    {
      id: 'failures',
      title: 'What failed, and why',
      caption:
        'Failed trials, diverged ones, those no better than chance, and those stopped early in a search.',
    },
    [
      text('trial', 'trial', ({ id }) => id),
      text('task', 'task', ({ task }) => task),
      text('arm', 'arm', ({ arm }) => arm),
      text('point', 'point', ({ point }) => pointText(point)),
      number('seed', 'seed', ({ seed }) => seed),
      text('state', 'state', ({ state, outcome }) => (outcome && outcome !== 'ok' ? outcome : state)),
      number('epochs', 'epochs', ({ epochs }) => epochs.length),
      number('attempts', 'attempts', ({ attempts }) => attempts),
      text('reason', 'reason', ({ reason }) => reason),
    ],
    rows,
  );
}

/** One row per trial, for files. */
export function trialsTable(results: StudyResults): Table {
  const metrics = (
    when: 'last' | 'best',
    split: 'train' | 'validation' | 'test',
  ): ColumnOf<TrialResult>[] => {
    const names = new Set(results.trials.flatMap((trial) => Object.keys(trial[when]?.[split] ?? {})));
    return [...names].map((name) => ({
      key: `${when}_${split}_${name}`,
      title: `${when} ${split} ${name}`,
      kind: 'number',
      value: (trial) => trial[when]?.[split][name],
    }));
  };
  const splits = ['train', 'validation', 'test'] as const;
  const paths = [...new Set(results.trials.flatMap(({ point }) => Object.keys(point)))];
  return tableOf<TrialResult>(
    { id: 'trials', title: 'Trials', caption: 'One row per trial.' },
    [
      text('trial', 'trial', ({ id }) => id),
      text('task', 'task', ({ task }) => task),
      text('arm', 'arm', ({ arm }) => arm),
      ...optionColumns<TrialResult>(paths, ({ point }, path) => point[path]),
      number('seed', 'seed', ({ seed }) => seed),
      text('state', 'state', ({ state }) => state),
      text('outcome', 'outcome', ({ outcome }) => outcome),
      text('reason', 'reason', ({ reason }) => reason),
      number('attempts', 'attempts', ({ attempts }) => attempts),
      number('epochs', 'epochs', ({ epochs }) => epochs.length),
      number('steps', 'steps', ({ epochs }) => epochs.at(-1)?.steps),
      number('gradients', 'gradients', ({ epochs }) => epochs.at(-1)?.gradients),
      number('seconds', 'seconds', ({ epochs }) => epochs.at(-1)?.seconds),
      number('step_ms', 'ms per step', ({ stepTimes }) => stepTimes?.median),
      number('best_epoch', 'best epoch', ({ best }) => best?.epoch),
      ...splits.flatMap((split) => [...metrics('last', split), ...metrics('best', split)]),
      ...results.measures.flatMap(({ name, title }): ColumnOf<TrialResult>[] => [
        number(name, title, ({ measures }) => measures[name]?.value),
        number(`${name}_error`, `${title}, error`, ({ measures }) => measures[name]?.error),
        text(`${name}_unreliable`, `${title}, unreliable`, ({ measures }) => measures[name]?.unreliable),
      ]),
    ],
    results.trials,
  );
}

/** One row per epoch of every trial, for files. */
export function epochsTable(results: StudyResults): Table {
  const rows = results.trials.flatMap((trial) => trial.epochs.map((epoch) => ({ trial, epoch })));
  type Row = (typeof rows)[number];
  const columns = (['train', 'validation', 'test'] as const).flatMap((split) => {
    const names = new Set(rows.flatMap(({ epoch }) => Object.keys(epoch[split])));
    return [...names].map(
      (name): ColumnOf<Row> => ({
        key: `${split}_${name}`,
        title: `${split} ${name}`,
        kind: 'number',
        value: ({ epoch }) => epoch[split][name],
      }),
    );
  });
  return tableOf<Row>(
    { id: 'epochs', title: 'Epochs', caption: 'One row per epoch of every trial.' },
    [
      text('trial', 'trial', ({ trial }) => trial.id),
      text('task', 'task', ({ trial }) => trial.task),
      text('arm', 'arm', ({ trial }) => trial.arm),
      number('seed', 'seed', ({ trial }) => trial.seed),
      number('epoch', 'epoch', ({ epoch }) => epoch.epoch),
      number('steps', 'steps', ({ epoch }) => epoch.steps),
      number('gradients', 'gradients', ({ epoch }) => epoch.gradients),
      number('seconds', 'seconds', ({ epoch }) => epoch.seconds),
      number('step_ms', 'ms per step', ({ epoch }) => epoch.stepMs),
      ...columns,
    ],
    rows,
  );
}
