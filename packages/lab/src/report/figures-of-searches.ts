import * as Plot from '@observablehq/plot';
import type { StudyResults, TaskInfo } from '../results.js';
import { type ArmLook, panels } from './colors.js';
import { draw, scaleOf } from './draw.js';
import type { FigureGroup, ReportFigure } from './figure.js';
import { inPercent, metricFormat, shortPaths, significant } from './format.js';
import { tableOf } from './table.js';
import { type PointRow, pointRows } from './tables-of-searches.js';

type Looks = ReadonlyMap<string, ArmLook>;

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
