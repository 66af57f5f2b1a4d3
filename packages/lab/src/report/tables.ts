import type { Point, StudyResults, TaskInfo, TrialResult } from '../results.js';
import { summariseSeeds } from '../statistics/index.js';
import type { Analysis, ArmRow, OverTasks } from './analysis.js';
import { metricOf } from './analysis.js';
import {
  metricFormat,
  none,
  optionText,
  pValue,
  shortPaths,
  significant,
  summaryText,
  withInterval,
} from './format.js';
import { type CellValue, type ColumnOf, type Table, tableOf } from './table.js';

const plainValue = (value: unknown): CellValue =>
  value === undefined || value === null
    ? null
    : typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
      ? value
      : JSON.stringify(value);

/** Columns of numbers for a summary, which files have in place of the text `mean [low, high]`. */
function numbers<Row>(
  key: string,
  title: string,
  summaryOf: (row: Row) => { mean: number; interval: { low: number; high: number } | undefined } | undefined,
): ColumnOf<Row>[] {
  const column = (end: string, value: ColumnOf<Row>['value']): ColumnOf<Row> => ({
    key: `${key}_${end}`,
    title: `${title}, ${end}`,
    kind: 'number',
    shown: 'data',
    value,
  });
  return [
    column('mean', (row) => summaryOf(row)?.mean),
    column('low', (row) => summaryOf(row)?.interval?.low),
    column('high', (row) => summaryOf(row)?.interval?.high),
  ];
}

const number = <Row>(
  key: string,
  title: string,
  value: (row: Row) => number | null | undefined,
  text: (row: Row) => string = (row) => significant(value(row)),
): ColumnOf<Row> => ({ key, title, kind: 'number', value, text });

const text = <Row>(key: string, title: string, value: (row: Row) => string | undefined): ColumnOf<Row> => ({
  key,
  title,
  kind: 'text',
  value,
  text: (row) => value(row) ?? none,
});

/** Options that differ, one column each. */
function optionColumns<Row>(
  paths: readonly string[],
  given: (row: Row, path: string) => unknown,
): ColumnOf<Row>[] {
  const short = shortPaths(paths);
  return paths.map((path) => ({
    key: path,
    title: short.get(path)!,
    kind: 'text',
    value: (row) => plainValue(given(row, path)),
    text: (row) => optionText(given(row, path)),
  }));
}

const optionOf = (row: ArmRow, path: string): unknown => row.point?.[path] ?? row.arm.options[path];

function resultColumns(task: TaskInfo): ColumnOf<ArmRow>[] {
  const format = metricFormat(task);
  const { text: metric, signed } = format;
  return [
    number(
      'seeds',
      'seeds',
      ({ last }) => last.n,
      ({ last }) => String(last.n),
    ),
    {
      ...number<ArmRow>(
        'last',
        `test ${format.title}`,
        ({ last }) => last.mean,
        ({ last }) => summaryText(last, metric),
      ),
      shown: 'print',
    },
    ...numbers<ArmRow>('test', 'test', ({ last }) => last),
    { key: 'test_sd', title: 'sd', kind: 'number', shown: 'data', value: ({ last }) => last.sd },
    {
      ...number<ArmRow>(
        'best',
        'early-stopped',
        ({ best }) => best?.mean,
        ({ best }) => summaryText(best, metric),
      ),
      shown: 'print',
    },
    ...numbers<ArmRow>('early_stopped', 'early-stopped', ({ best }) => best),
    {
      ...number<ArmRow>(
        'difference',
        `difference${format.unit && `,${format.unit}`}`,
        ({ difference }) => difference?.mean,
        ({ difference }) => (difference ? withInterval(difference.mean, difference.interval, signed) : none),
      ),
      shown: 'print',
    },
    ...numbers<ArmRow>('difference', 'difference', ({ difference }) => difference),
    {
      key: 'bootstrap_low',
      title: 'BCa, low',
      kind: 'number',
      shown: 'data',
      value: ({ difference }) => difference?.bootstrap?.low,
    },
    {
      key: 'bootstrap_high',
      title: 'BCa, high',
      kind: 'number',
      shown: 'data',
      value: ({ difference }) => difference?.bootstrap?.high,
    },
    {
      key: 't',
      title: 't',
      kind: 'number',
      shown: 'data',
      value: ({ difference }) => difference?.tTest?.statistic,
    },
    {
      key: 'p_t',
      title: 'p (t)',
      kind: 'number',
      shown: 'data',
      value: ({ difference }) => difference?.tTest?.p,
    },
    number(
      'p_t_holm',
      'p (t, Holm)',
      ({ tHolm }) => tHolm,
      ({ tHolm }) => pValue(tHolm),
    ),
    {
      key: 'p_signed_rank',
      title: 'p (signed rank)',
      kind: 'number',
      shown: 'data',
      value: ({ difference }) => difference?.signedRank?.p,
    },
    number(
      'p_signed_rank_holm',
      'p (signed rank, Holm)',
      ({ signedRankHolm }) => signedRankHolm,
      ({ signedRankHolm }) => pValue(signedRankHolm),
    ),
    number(
      'detectable',
      'detectable',
      ({ difference }) => difference?.detectable,
      ({ difference }) => metric(difference?.detectable),
    ),
  ];
}

function costColumns(task: TaskInfo): ColumnOf<ArmRow>[] {
  const { text: metric } = metricFormat(task);
  return [
    {
      ...number<ArmRow>(
        'at_gradients',
        'at equal gradients',
        ({ atGradients }) => atGradients.mean,
        ({ atGradients }) => metric(atGradients.mean),
      ),
      shown: 'print',
    },
    ...numbers<ArmRow>('at_gradients', 'at equal gradients', ({ atGradients }) => atGradients),
    {
      ...number<ArmRow>(
        'at_seconds',
        'at equal seconds',
        ({ atSeconds }) => atSeconds.mean,
        ({ atSeconds }) => metric(atSeconds.mean),
      ),
      shown: 'print',
    },
    ...numbers<ArmRow>('at_seconds', 'at equal seconds', ({ atSeconds }) => atSeconds),
    number('gradients_per_step', 'gradients per step', ({ arm }) => arm.gradientsPerStep),
    number('step_ms', 'ms per step', ({ stepMs }) => stepMs),
    number(
      'step_ratio',
      '× baseline',
      ({ stepRatio }) => stepRatio,
      ({ stepRatio }) => stepRatio?.toFixed(2) ?? none,
    ),
  ];
}

/** Half of an interval's width, as one writes it behind ±. */
function plusMinus(row: ArmRow | undefined): string {
  if (!row || row.last.n === 0) return none;
  const { text: metric } = metricFormat(row.task);
  const { mean, interval } = row.last;
  const star = row.tHolm !== undefined && row.tHolm < 0.05 ? '*' : '';
  return `${metric(mean)}${interval ? ` ± ${metric(interval.high - mean)}` : ''}${star}`;
}

/** The table for a paper: one row per arm, and per task no more than its number and its difference. */
export function summaryTable(results: StudyResults, { rows }: Analysis): Table {
  const several = results.tasks.length > 1;
  const find = (arm: string, task: TaskInfo): ArmRow | undefined =>
    rows.find((row) => row.arm.name === arm && row.task.name === task.name);
  const columns = results.tasks.flatMap((task): ColumnOf<string>[] => {
    const { title, signed, unit } = metricFormat(task);
    const prefix = several ? `${task.name}: ` : '';
    const point = (arm: string): Point => find(arm, task)?.point ?? {};
    const of = (arm: string): ArmRow['difference'] => find(arm, task)?.difference;
    const short = (path: string): string => path.split('.').at(-1)!;
    return [
      text(`${task.name}_point`, `${prefix}chosen`, (arm) =>
        Object.entries(point(arm))
          .map(([path, value]) => `${short(path)} ${optionText(value)}`)
          .join(', '),
      ),
      number(
        `${task.name}_test`,
        `${prefix}test ${title}`,
        (arm) => find(arm, task)?.last.mean,
        (arm) => plusMinus(find(arm, task)),
      ),
      number(
        `${task.name}_difference`,
        `${prefix}difference${unit && `,${unit}`}`,
        (arm) => of(arm)?.mean,
        (arm) => signed(of(arm)?.mean),
      ),
      number(
        `${task.name}_step_ratio`,
        `${prefix}× time`,
        (arm) => find(arm, task)?.stepRatio,
        (arm) => find(arm, task)?.stepRatio?.toFixed(2) ?? none,
      ),
    ];
  });
  const searched = columns.filter(
    ({ key, value }) => !key.endsWith('_point') || results.arms.some(({ name }) => value(name) !== ''),
  );
  return tableOf<string>(
    {
      id: 'summary',
      title: 'Summary',
      caption: `Means over ${results.seeds.length} seeds ± half of the 95 % t interval; difference to ${results.baseline}, paired by seed; * p < 0.05 in a paired t test after Holm’s correction.`,
    },
    [text('arm', 'arm', (arm) => arm), ...searched],
    results.arms.map(({ name }) => name),
  );
}

/** Notes that hold for every arm but the baseline: said once for the table, where more than one arm has them. */
function sharedNotes(rows: readonly ArmRow[]): string[] {
  const others = rows.filter(({ difference }) => difference);
  if (others.length < 2) return [];
  return others[0]!.notes.filter((note) => others.every(({ notes }) => notes.includes(note)));
}

/** The main table of a task: every arm with its numbers and every option that differs. */
export function armsTable(results: StudyResults, analysis: Analysis, task: TaskInfo): Table {
  const measures = results.measures.flatMap(({ name, title }): ColumnOf<ArmRow>[] => [
    {
      ...number<ArmRow>(
        name,
        title,
        ({ measures: of }) => of[name]?.mean,
        ({ measures: of }) => summaryText(of[name], significant),
      ),
      shown: 'print',
    },
    ...numbers<ArmRow>(name, title, ({ measures: of }) => of[name]),
  ]);
  const rows = analysis.rows.filter((row) => row.task.name === task.name);
  const shared = sharedNotes(rows);
  return tableOf<ArmRow>(
    {
      id: `arms-${task.name}`,
      title: `Arms on ${task.name}`,
      caption:
        `${task.summary}. Means over seeds with 95 % t intervals; difference to ${results.baseline}, paired by seed; ` +
        'p after Holm’s correction; detectable: the smallest true difference found in four of five such studies.' +
        (shared.length > 0 ? ` All arms: ${shared.join('; ')}.` : ''),
    },
    [
      text('arm', 'arm', ({ arm }) => arm.name),
      { ...text<ArmRow>('task', 'task', (row) => row.task.name), shown: 'data' },
      { ...text<ArmRow>('group', 'group', ({ arm }) => arm.group), shown: 'data' },
      ...resultColumns(task),
      ...costColumns(task),
      ...measures,
      ...optionColumns<ArmRow>(analysis.differing, optionOf),
      text('notes', 'notes', ({ notes }) => notes.filter((note) => !shared.includes(note)).join('; ')),
    ],
    rows,
  );
}

/** How one point of a search did. */
export interface PointRow {
  readonly arm: string;
  readonly point: Point;
  readonly chosen: boolean;
  readonly validation: ReturnType<typeof summariseSeeds>;
  readonly test: ReturnType<typeof summariseSeeds>;
}

/** Every point of every search on a task, the choice marked. */
export function pointRows(results: StudyResults, task: TaskInfo): PointRow[] {
  const byId = new Map(results.trials.map((trial) => [trial.id, trial]));
  return results.arms.flatMap(({ name, points }) =>
    points
      .filter((point) => point.task === task.name && Object.keys(point.point).length > 0)
      .map(({ point, chosen, validation, trials }) => ({
        arm: name,
        point,
        chosen,
        validation: summariseSeeds(validation),
        test: summariseSeeds(trials.map((id) => metricOf(byId.get(id), task.metric))),
      })),
  );
}

/** The search of each arm; undefined where no arm searches. */
export function searchTable(results: StudyResults, task: TaskInfo): Table | undefined {
  const rows = pointRows(results, task);
  if (rows.length === 0) return undefined;
  const { title, text: metric } = metricFormat(task);
  const paths = [...new Set(rows.flatMap(({ point }) => Object.keys(point)))];
  return tableOf<PointRow>(
    {
      id: `search-${task.name}`,
      title: `Search on ${task.name}`,
      caption: 'Points are chosen by the mean on the validation split; the test split has no part in it.',
    },
    [
      text('arm', 'arm', ({ arm }) => arm),
      ...optionColumns<PointRow>(paths, ({ point }, path) => point[path]),
      {
        key: 'chosen',
        title: 'chosen',
        kind: 'text',
        value: ({ chosen }) => chosen,
        text: ({ chosen }) => (chosen ? 'chosen' : ''),
      },
      number(
        'validation_seeds',
        'seeds',
        ({ validation }) => validation.n,
        ({ validation }) => String(validation.n),
      ),
      {
        ...number<PointRow>(
          'validation',
          `validation ${title}`,
          ({ validation }) => validation.mean,
          ({ validation }) => summaryText(validation, metric),
        ),
        shown: 'print',
      },
      ...numbers<PointRow>('validation', 'validation', ({ validation }) => validation),
      {
        ...number<PointRow>(
          'test',
          `test ${title}`,
          ({ test }) => test.mean,
          ({ test }) => summaryText(test, metric),
        ),
        shown: 'print',
      },
      ...numbers<PointRow>('test', 'test', ({ test }) => test),
    ],
    rows,
  );
}

/** Interquartile mean and probability of improvement over all tasks. */
export function tasksTable(results: StudyResults, { overTasks }: Analysis): Table {
  const { title, text: metric } = metricFormat(results.tasks[0]!);
  const improvement = (row: OverTasks): { mean: number; interval: OverTasks['interval'] } | undefined =>
    row.improvement === undefined ? undefined : { mean: row.improvement, interval: row.improvementInterval };
  return tableOf<OverTasks>(
    {
      id: 'over-tasks',
      title: results.tasks.length > 1 ? 'Over all tasks' : 'Over all runs',
      caption:
        'Interquartile mean of all runs, and the probability that a run is better than one of the baseline; ' +
        'intervals by a bootstrap within tasks, which is narrow with few seeds.',
    },
    [
      text('arm', 'arm', ({ arm }) => arm.name),
      {
        ...number<OverTasks>(
          'iqm_text',
          `IQM of test ${title}`,
          ({ iqm }) => iqm,
          ({ iqm, interval }) => withInterval(iqm, interval, metric),
        ),
        shown: 'print',
      },
      ...numbers<OverTasks>('iqm', 'IQM', ({ iqm, interval }) => ({ mean: iqm, interval })),
      {
        ...number<OverTasks>(
          'improvement_text',
          'probability of improvement',
          ({ improvement: p }) => p,
          (row) => {
            const given = improvement(row);
            return given ? withInterval(given.mean, given.interval, (value) => significant(value, 2)) : none;
          },
        ),
        shown: 'print',
      },
      ...numbers<OverTasks>('improvement', 'probability of improvement', improvement),
    ],
    overTasks,
  );
}

const pointText = (point: Point): string =>
  Object.entries(point)
    .map(([path, value]) => `${path} = ${optionText(value)}`)
    .join(', ') || none;

/** What did not end well, and why; undefined where all did. */
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

/** Tables for readers, in the order of a report. */
export function reportTables(results: StudyResults, analysis: Analysis): Table[] {
  return [
    summaryTable(results, analysis),
    ...results.tasks.flatMap((task) => [armsTable(results, analysis, task), searchTable(results, task)]),
    tasksTable(results, analysis),
    failuresTable(results),
  ].filter((table) => table !== undefined);
}
