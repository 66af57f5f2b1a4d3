import type { Point, StudyResults, TaskInfo } from '../results.js';
import { type Analysis, type ArmRow, isHopeless, type MeasureSummary } from './analysis.js';
import { number, numbers, optionColumns, text } from './columns.js';
import { metricFormat, none, optionText, pValue, significant, summaryText, withInterval } from './format.js';
import { type ColumnOf, type Table, tableOf } from './table.js';

const optionOf = ({ point, arm, task }: ArmRow, path: string): unknown => {
  const searched = () => arm.points.some((each) => each.task === task.name && path in each.point);
  return point?.[path] ?? arm.options[path] ?? (isHopeless(arm, task) && searched() ? 'none' : undefined);
};

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
    const hasNone = (arm: string): boolean => {
      const row = find(arm, task);
      return row !== undefined && isHopeless(row.arm, task);
    };
    const short = (path: string): string => path.split('.').at(-1)!;
    return [
      text(`${task.name}_point`, `${prefix}chosen`, (arm) =>
        hasNone(arm)
          ? 'none'
          : Object.entries(point(arm))
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

/** Mean and interval of a measure; where its number is not to be believed, in the same cell. */
function measureText(summary: MeasureSummary | undefined): string {
  const shown = summaryText(summary, significant);
  if (!summary?.unreliable) return shown;
  return `${shown} (unreliable: ${summary.unreliable} of ${summary.n + summary.missing})`;
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
        ({ measures: of }) => measureText(of[name]),
      ),
      shown: 'print',
    },
    ...numbers<ArmRow>(name, title, ({ measures: of }) => of[name]),
    {
      ...number<ArmRow>(`${name}_error`, `${title}, error`, ({ measures: of }) => of[name]?.error),
      shown: 'data',
    },
    {
      ...number<ArmRow>(
        `${name}_unreliable`,
        `${title}, seeds unreliable`,
        ({ measures: of }) => of[name]?.unreliable,
      ),
      shown: 'data',
    },
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
