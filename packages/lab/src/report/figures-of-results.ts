import * as Plot from '@observablehq/plot';
import type { StudyResults, TaskInfo } from '../results.js';
import { type Analysis, type ArmRow, metricOf } from './analysis.js';
import { type ArmLook, panels } from './colors.js';
import { draw } from './draw.js';
import type { FigureGroup, ReportFigure } from './figure.js';
import { inPercent, metricFormat, shortPaths, significant } from './format.js';
import { tableOf } from './table.js';
import { type PointRow, pointRows } from './tables.js';

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

/** Numeric paths that at least one arm searches. */
function searchedPaths(rows: readonly PointRow[]): string[] {
  const paths = [...new Set(rows.flatMap(({ point }) => Object.keys(point)))];
  return paths.filter(
    (path) => new Set(rows.map(({ point }) => point[path]).filter((v) => typeof v === 'number')).size > 1,
  );
}

/** Test metric against a searched option, ρ for one, with bands; the chosen points are ringed. */
export function searchFigures(results: StudyResults, task: TaskInfo, look: Looks): FigureGroup | undefined {
  const rows = pointRows(results, task);
  const short = shortPaths(searchedPaths(rows));
  const groups = panels(results.arms, results.baseline);
  const figures = [...short].flatMap(([path, name]) =>
    groups.flatMap((panel, p): ReportFigure[] => {
      const names = new Set(panel.arms.map((arm) => arm.name));
      const own = rows
        .filter((row) => names.has(row.arm) && typeof row.point[path] === 'number' && row.test.n > 0)
        .sort((a, b) => (a.point[path] as number) - (b.point[path] as number));
      if (own.length === 0) return [];
      const id = `search-${task.name}-${path}${groups.length > 1 ? `-${p + 1}` : ''}`;
      const title = `${panel.title && `${panel.title}: `}test ${task.metric} against ${name}`;
      return [
        {
          id,
          title,
          svg: drawSearch(title, own, path, name, task, look),
          data: searchData(id, title, own, path, name),
        },
      ];
    }),
  );
  if (figures.length === 0) return undefined;
  const caption =
    'Means over seeds on the test split; bars are 95 % t intervals, the ring is the point that validation chose.';
  return { title: `${task.name}: what was searched`, caption, figures };
}

/** Logarithmic where positive values span more than a factor of four. */
function scaleOf(values: readonly number[]): 'log' | 'linear' {
  const low = Math.min(...values);
  return low > 0 && Math.max(...values) / low > 4 ? 'log' : 'linear';
}

function drawSearch(
  title: string,
  rows: readonly PointRow[],
  path: string,
  name: string,
  task: TaskInfo,
  look: Looks,
): string {
  const scale = inPercent(task.metric) ? 100 : 1;
  const x = ({ point }: PointRow): number => point[path] as number;
  const y = ({ test }: PointRow): number => scale * test.mean;
  const color = ({ arm }: PointRow): string => look.get(arm)!.color;
  const arms = [...new Set(rows.map(({ arm }) => arm))];
  // One value of this option may stand for several points of a search over more than one.
  const alone = rows.every(({ point }) => Object.keys(point).length === 1);
  const lines = arms.flatMap((arm) => {
    const { color: stroke, dash } = look.get(arm)!;
    const own = rows.filter((row) => row.arm === arm);
    return alone
      ? [Plot.line(own, { x, y, stroke, strokeDasharray: dash, strokeWidth: 1.6, title: () => arm })]
      : [];
  });
  const ticks = [...new Set(rows.map(x))].sort((a, b) => a - b);
  return draw(title, {
    marks: [
      Plot.ruleX(
        rows.filter(({ test }) => test.interval),
        {
          x,
          y1: ({ test }: PointRow) => scale * test.interval!.low,
          y2: ({ test }: PointRow) => scale * test.interval!.high,
          stroke: color,
          strokeWidth: 3,
          strokeOpacity: 0.3,
        },
      ),
      ...lines,
      Plot.dot(rows, { x, y, r: 3, fill: color, title: ({ arm }: PointRow) => arm }),
      Plot.dot(
        rows.filter(({ chosen }) => chosen),
        { x, y, r: 6.5, stroke: color, strokeWidth: 1.6 },
      ),
    ],
    x: {
      type: scaleOf(ticks),
      label: name,
      labelAnchor: 'center',
      labelOffset: 34,
      labelArrow: 'none',
      ...(ticks.length <= 8 ? { ticks } : { ticks: 5 }),
      tickFormat: (value: number) => significant(value, 3),
      inset: 10,
    },
    y: { label: `test ${metricFormat(task).title}`, labelArrow: 'none', grid: true, ticks: 5 },
  });
}

const searchData = (
  id: string,
  title: string,
  rows: readonly PointRow[],
  path: string,
  name: string,
): ReportFigure['data'] =>
  tableOf<PointRow>(
    { id, title, caption: 'Means over seeds with 95 % t intervals.' },
    [
      { key: 'arm', title: 'arm', kind: 'text', value: ({ arm }) => arm },
      { key: name, title: name, kind: 'number', value: ({ point }) => point[path] as number },
      { key: 'chosen', title: 'chosen', kind: 'text', value: ({ chosen }) => chosen },
      { key: 'mean', title: 'mean', kind: 'number', value: ({ test }) => test.mean },
      { key: 'low', title: 'low', kind: 'number', value: ({ test }) => test.interval?.low },
      { key: 'high', title: 'high', kind: 'number', value: ({ test }) => test.interval?.high },
      { key: 'seeds', title: 'seeds', kind: 'number', value: ({ test }) => test.n },
    ],
    rows,
  );

interface Dot {
  readonly arm: string;
  readonly seed: number;
  readonly x: number;
  readonly y: number;
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
      const x = trial.measures[name]?.value;
      const test = metricOf(trial, task.metric);
      const train = hasGap ? trial.last?.train[task.metric] : 0;
      if (typeof x !== 'number' || typeof test !== 'number' || typeof train !== 'number') return [];
      return [{ arm, seed: trial.seed, x, y: scale * (hasGap ? train - test : test) }];
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
          fill: ({ arm }: Dot) => look.get(arm)!.color,
          fillOpacity: 0.75,
          title: ({ arm, seed }: Dot) => `${arm}, seed ${seed}`,
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
    const columns = ['arm', 'seed', 'x', 'y'] as const;
    const data = tableOf<Dot>(
      { id, title, caption: 'One row per trial.' },
      columns.map((key) => ({
        key: key === 'x' ? name : key === 'y' ? (hasGap ? 'gap' : 'test') : key,
        title: key,
        kind: key === 'arm' ? 'text' : 'number',
        value: (dot: Dot) => dot[key],
      })),
      dots,
    );
    return [{ id, title, svg, data }];
  });
  if (figures.length === 0) return undefined;
  return {
    title: `${task.name}: sharpness and other measures against generalisation`,
    caption: `One dot per trial of the comparison, coloured by group.${hasGap ? ' A gap near zero generalises; above it, training fits what the test does not show.' : ''}`,
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
