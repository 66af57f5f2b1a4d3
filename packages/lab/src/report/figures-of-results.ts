import * as Plot from '@observablehq/plot';
import type { StudyResults, TaskInfo } from '../results.js';
import { type Analysis, type ArmRow, metricOf } from './analysis.js';
import type { ArmLook } from './colors.js';
import { draw, scaleOf } from './draw.js';
import type { FigureGroup, ReportFigure } from './figure.js';
import { inPercent, metricFormat, significant } from './format.js';
import { tableOf } from './table.js';

type Looks = ReadonlyMap<string, ArmLook>;

const clipped = (name: string, length = 22): string =>
  name.length > length ? `${name.slice(0, length - 1)}…` : name;

/** Room on the left for names. */
const marginFor = (names: readonly string[]): number =>
  16 + 6.4 * Math.max(4, ...names.map((name) => clipped(name).length));

const rowsOf = ({ rows }: Analysis, task: TaskInfo): ArmRow[] =>
  rows.filter((row) => row.task.name === task.name);

/** Differences to the baseline: every pair as a dot, the mean with both intervals. */
export function differenceFigure(
  results: StudyResults,
  analysis: Analysis,
  task: TaskInfo,
  look: Looks,
): ReportFigure | undefined {
  const rows = rowsOf(analysis, task)
    .filter(({ difference }) => difference && difference.n > 0)
    .sort((a, b) => b.difference!.mean - a.difference!.mean);
  if (rows.length === 0) return undefined;
  const scale = inPercent(task.metric) ? 100 : 1;
  const { unit } = metricFormat(task);
  const name = ({ arm }: ArmRow): string => arm.name;
  const color = (row: ArmRow): string => look.get(row.arm.name)!.color;
  const pairs = rows.flatMap((row) => row.difference!.differences.map((difference) => ({ row, difference })));
  const title = `${task.name}: difference to ${results.baseline} in test ${task.metric}`;
  const interval = (which: 'interval' | 'bootstrap', strokeWidth: number): Plot.Markish =>
    Plot.ruleY(
      rows.filter(({ difference }) => difference?.[which]),
      {
        y: name,
        x1: ({ difference }: ArmRow) => scale * difference![which]!.low,
        x2: ({ difference }: ArmRow) => scale * difference![which]!.high,
        stroke: color,
        strokeWidth,
      },
    );
  const svg = draw(title, {
    height: 70 + 22 * rows.length,
    marginLeft: marginFor(rows.map(name)),
    marks: [
      Plot.ruleX([0], { strokeOpacity: 0.6 }),
      interval('interval', 1.4),
      interval('bootstrap', 4),
      Plot.dot(pairs, {
        y: ({ row }: { row: ArmRow }) => row.arm.name,
        x: ({ difference }: { difference: number }) => scale * difference,
        r: 1.7,
        fill: 'currentColor',
        fillOpacity: 0.45,
      }),
      Plot.dot(rows, {
        y: name,
        x: ({ difference }: ArmRow) => scale * difference!.mean,
        r: 4.5,
        fill: color,
        title: name,
      }),
    ],
    x: {
      label: `difference${unit && `,${unit}`}`,
      labelAnchor: 'center',
      labelOffset: 34,
      labelArrow: 'none',
      grid: true,
      ticks: 6,
    },
    y: { domain: rows.map(name), label: null, tickFormat: (arm: string) => clipped(arm), tickSize: 0 },
  });
  const id = `difference-${task.name}`;
  const data = tableOf<(typeof pairs)[number]>(
    { id, title, caption: 'One row per pair.' },
    [
      { key: 'arm', title: 'arm', kind: 'text', value: ({ row }) => row.arm.name },
      { key: 'difference', title: 'difference', kind: 'number', value: ({ difference }) => difference },
      { key: 'mean', title: 'mean', kind: 'number', value: ({ row }) => row.difference!.mean },
      { key: 'low', title: 'low', kind: 'number', value: ({ row }) => row.difference!.interval?.low },
      { key: 'high', title: 'high', kind: 'number', value: ({ row }) => row.difference!.interval?.high },
    ],
    pairs,
  );
  return { id, title, svg, data };
}

interface Dot {
  readonly arm: string;
  readonly seed: number;
  readonly x: number;
  readonly y: number;
  /** Why x is not to be believed, where it is not. */
  readonly unreliable?: string | undefined;
}

/** Each measure against what a trial generalises to: a dot per trial of the comparison. */
export function measureFigures(
  results: StudyResults,
  analysis: Analysis,
  task: TaskInfo,
  look: Looks,
): FigureGroup | undefined {
  const scale = inPercent(task.metric) ? 100 : 1;
  const trials = rowsOf(analysis, task).flatMap(({ arm, trials: own }) =>
    own.flatMap((trial) => (trial ? [{ arm: arm.name, trial }] : [])),
  );
  const hasGap = trials.some(({ trial }) => typeof trial.last?.train[task.metric] === 'number');
  const yTitle = hasGap ? `training − test ${metricFormat(task).title}` : `test ${metricFormat(task).title}`;
  const figures = results.measures.flatMap(({ name, title: measure }): ReportFigure[] => {
    const dots = trials.flatMap(({ arm, trial }): Dot[] => {
      const { value: x, unreliable } = trial.measures[name] ?? {};
      const test = metricOf(trial, task.metric);
      const train = hasGap ? trial.last?.train[task.metric] : 0;
      if (typeof x !== 'number' || typeof test !== 'number' || typeof train !== 'number') return [];
      return [{ arm, seed: trial.seed, x, y: scale * (hasGap ? train - test : test), unreliable }];
    });
    if (dots.length < 3) return [];
    const id = `measure-${task.name}-${name}`;
    const title = `${measure} against ${yTitle}`;
    const positive = scaleOf(dots.map(({ x }) => x));
    const svg = draw(title, {
      marks: [
        Plot.dot(dots, {
          x: 'x',
          y: 'y',
          r: 3,
          fill: ({ arm, unreliable }: Dot) => (unreliable === undefined ? look.get(arm)!.color : 'none'),
          fillOpacity: 0.75,
          stroke: ({ arm }: Dot) => look.get(arm)!.color,
          strokeOpacity: ({ unreliable }: Dot) => (unreliable === undefined ? 0 : 1),
          title: ({ arm, seed, unreliable }: Dot) =>
            `${arm}, seed ${seed}${unreliable === undefined ? '' : `, unreliable: ${unreliable}`}`,
        }),
      ],
      x: {
        type: positive,
        label: measure,
        labelAnchor: 'center',
        labelOffset: 34,
        labelArrow: 'none',
        ticks: 5,
        tickFormat: (value: number) => significant(value, 3),
        inset: 8,
      },
      y: { label: yTitle, labelArrow: 'none', grid: true, ticks: 5, inset: 6 },
    });
    const columns = ['arm', 'seed', 'x', 'y', 'unreliable'] as const;
    const data = tableOf<Dot>(
      { id, title, caption: 'One row per trial.' },
      columns.map((key) => ({
        key: key === 'x' ? name : key === 'y' ? (hasGap ? 'gap' : 'test') : key,
        title: key,
        kind: key === 'arm' || key === 'unreliable' ? 'text' : 'number',
        value: (dot: Dot) => dot[key],
      })),
      dots,
    );
    return [{ id, title, svg, data }];
  });
  if (figures.length === 0) return undefined;
  return {
    title: `${task.name}: sharpness and other measures against generalisation`,
    caption: `One dot per trial of the comparison, coloured by group; a hollow one’s number is not to be believed.${hasGap ? ' A gap near zero generalises; above it, training fits what the test does not show.' : ''}`,
    figures,
  };
}

/** Times of steps: medians, and where four of five steps lie. */
export function timeFigure(
  results: StudyResults,
  analysis: Analysis,
  task: TaskInfo,
  look: Looks,
): ReportFigure | undefined {
  const rows = rowsOf(analysis, task).flatMap(({ arm, trials, stepMs, stepRatio }) => {
    const times = trials.flatMap((trial) => trial?.stepTimes ?? []);
    if (stepMs === undefined) return [];
    return [
      {
        arm: arm.name,
        ms: stepMs,
        ratio: stepRatio,
        p10: Math.min(...times.map((t) => t.p10)),
        p90: Math.max(...times.map((t) => t.p90)),
      },
    ];
  });
  if (rows.length === 0) return undefined;
  type Row = (typeof rows)[number];
  const color = ({ arm }: Row): string => look.get(arm)!.color;
  const title = `Milliseconds per step on ${task.name}`;
  const id = `step-times-${task.name}`;
  const svg = draw(title, {
    height: 70 + 20 * rows.length,
    marginLeft: marginFor(rows.map(({ arm }) => arm)),
    marks: [
      Plot.ruleX([0], { strokeOpacity: 0.4 }),
      Plot.ruleY(rows, { y: 'arm', x1: 'p10', x2: 'p90', stroke: color, strokeWidth: 2, strokeOpacity: 0.5 }),
      Plot.dot(rows, { y: 'arm', x: 'ms', r: 4, fill: color, title: 'arm' }),
    ],
    x: {
      label: 'ms per step',
      labelAnchor: 'center',
      labelOffset: 34,
      labelArrow: 'none',
      grid: true,
      ticks: 6,
      zero: true,
    },
    y: {
      domain: rows.map(({ arm }) => arm),
      label: null,
      tickFormat: (arm: string) => clipped(arm),
      tickSize: 0,
    },
  });
  const columns: [keyof Row, string][] = [
    ['arm', 'arm'],
    ['ms', 'median'],
    ['p10', '10 %'],
    ['p90', '90 %'],
    ['ratio', `× ${results.baseline}`],
  ];
  const data = tableOf<Row>(
    { id, title, caption: 'Medians over trials; p10 and p90 are the widest of any trial.' },
    columns.map(([key, head]) => ({
      key,
      title: head,
      kind: key === 'arm' ? 'text' : 'number',
      value: (row) => row[key],
    })),
    rows,
  );
  return { id, title, svg, data };
}
