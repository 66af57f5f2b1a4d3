import * as Plot from '@observablehq/plot';
import type { EpochRecord, StudyResults, TaskInfo } from '../results.js';
import { type BandPoint, bandOver, type Run } from '../statistics/index.js';
import type { Analysis, ArmRow } from './analysis.js';
import { type ArmLook, panels } from './colors.js';
import { draw } from './draw.js';
import type { FigureGroup, ReportFigure } from './figure.js';
import { inPercent, significant } from './format.js';
import { tableOf } from './table.js';

/** Points of a curve that a drawing of this width can show. */
const drawnPoints = 80;

/** Every k-th item and the last, so that at most `limit` are left. */
function thinned<T>(items: readonly T[], limit: number): T[] {
  const every = Math.ceil(items.length / limit);
  return items.filter((_, i) => i % every === 0 || i === items.length - 1);
}

interface Axis {
  readonly key: 'epoch' | 'gradients' | 'seconds';
  readonly title: string;
}

const axes: readonly Axis[] = [
  { key: 'epoch', title: 'epoch' },
  { key: 'gradients', title: 'gradient evaluations' },
  { key: 'seconds', title: 'seconds in steps' },
];

interface Quantity {
  readonly key: string;
  readonly title: string;
  readonly percent: boolean;
  readonly of: (record: EpochRecord) => number | null | undefined;
}

/** Mean curve of one arm with its band. */
interface Curve {
  readonly arm: string;
  readonly points: readonly BandPoint[];
}

function curveOf({ arm, trials }: ArmRow, axis: Axis, quantity: Quantity): Curve {
  const runs = trials.flatMap((trial): Run[] =>
    trial && trial.epochs.length > 0
      ? [trial.epochs.map((record) => [record[axis.key], quantity.of(record) ?? null])]
      : [],
  );
  return { arm: arm.name, points: bandOver(runs) };
}

const finite = (value: number): number | undefined => (Number.isFinite(value) ? value : undefined);

/** Ends of the vertical axis that a single outlier (the first epoch, a diverging arm) does not stretch. */
function visibleRange(curves: readonly Curve[]): [number, number] | undefined {
  const heights = curves.flatMap(({ points }) => points.map(({ mean }) => mean).filter(Number.isFinite));
  if (heights.length === 0) return undefined;
  const sorted = heights.sort((a, b) => a - b);
  const at = (p: number): number => sorted[Math.round(p * (sorted.length - 1))]!;
  const [low, high] = [at(0.05), at(0.95)];
  const room = 0.08 * (high - low || Math.abs(high) || 1);
  return [Math.max(sorted[0]!, low - 6 * room) - room, Math.min(sorted.at(-1)!, high + 6 * room) + room];
}

function drawCurves(
  title: string,
  curves: readonly Curve[],
  axis: Axis,
  quantity: Quantity,
  look: ReadonlyMap<string, ArmLook>,
): string {
  const scale = quantity.percent ? 100 : 1;
  const range = visibleRange(curves)?.map((end) => scale * end);
  const marks = curves.flatMap(({ arm, points }) => {
    const { color, dash } = look.get(arm)!;
    const shown = thinned(points, drawnPoints);
    const x = (point: BandPoint): number => point.x;
    return [
      Plot.areaY(
        shown.filter(({ interval }) => interval),
        {
          x,
          y1: ({ interval }: BandPoint) => scale * interval!.low,
          y2: ({ interval }: BandPoint) => scale * interval!.high,
          fill: color,
          fillOpacity: 0.13,
          clip: true,
        },
      ),
      Plot.lineY(shown, {
        x,
        y: ({ mean }: BandPoint) => finite(scale * mean),
        stroke: color,
        strokeWidth: 1.8,
        strokeDasharray: dash,
        clip: true,
        title: () => arm,
        // A lone point has no line to be seen by.
        ...(shown.length === 1 && { marker: 'dot' }),
      }),
    ];
  });
  return draw(title, {
    marks: [Plot.ruleX([0], { stroke: 'none' }), ...marks],
    x: {
      label: axis.title,
      labelAnchor: 'center',
      labelOffset: 34,
      labelArrow: 'none',
      ticks: 5,
      tickFormat: tick,
    },
    y: {
      label: quantity.percent ? `${quantity.title}, %` : quantity.title,
      labelArrow: 'none',
      grid: true,
      ticks: 5,
      ...(range && { domain: range }),
    },
  });
}

const tick = (value: number): string =>
  value >= 10_000 ? `${significant(value / 1000, 4)}k` : significant(value, 6);

function curvesTable(
  id: string,
  title: string,
  axis: Axis,
  quantity: Quantity,
  curves: readonly Curve[],
): ReportFigure['data'] {
  const rows = curves.flatMap(({ arm, points }) => points.map((point) => ({ arm, point })));
  return tableOf<(typeof rows)[number]>(
    { id, title, caption: 'Means over seeds with 95 % t intervals.' },
    [
      { key: 'arm', title: 'arm', kind: 'text', value: ({ arm }) => arm },
      { key: axis.key, title: axis.title, kind: 'number', value: ({ point }) => point.x },
      { key: `${quantity.key}_mean`, title: 'mean', kind: 'number', value: ({ point }) => point.mean },
      { key: `${quantity.key}_low`, title: 'low', kind: 'number', value: ({ point }) => point.interval?.low },
      {
        key: `${quantity.key}_high`,
        title: 'high',
        kind: 'number',
        value: ({ point }) => point.interval?.high,
      },
      { key: 'seeds', title: 'seeds', kind: 'number', value: ({ point }) => point.n },
    ],
    rows,
  );
}

function quantities({ metric }: TaskInfo): Quantity[] {
  return [
    {
      key: `test_${metric}`,
      title: `test ${metric}`,
      percent: inPercent(metric),
      of: ({ test }) => test[metric],
    },
    { key: 'train_loss', title: 'training loss', percent: false, of: ({ train }) => train.loss },
  ];
}

/** Curves of one task: per epoch, per gradient evaluation and per second. */
export function trainingFigures(
  results: StudyResults,
  analysis: Analysis,
  task: TaskInfo,
  look: ReadonlyMap<string, ArmLook>,
): FigureGroup[] {
  const rows = new Map(
    analysis.rows.filter((row) => row.task.name === task.name).map((row) => [row.arm.name, row]),
  );
  const groups = panels(results.arms, results.baseline);
  return axes.map((axis, place) => ({
    title: `${task.name}: curves per ${axis.title}`,
    caption: 'Means over seeds; bands are 95 % t intervals.',
    secondary: place > 0 && groups.length > 1,
    figures: groups.flatMap((panel, p) =>
      quantities(task).flatMap((quantity): ReportFigure[] => {
        const curves = panel.arms.map(({ name }) => curveOf(rows.get(name)!, axis, quantity));
        if (curves.every(({ points }) => points.every(({ n }) => n === 0))) return [];
        const id = `curve-${task.name}-${quantity.key}-${axis.key}${groups.length > 1 ? `-${p + 1}` : ''}`;
        const title = `${panel.title && `${panel.title}: `}${quantity.title} per ${axis.title}`;
        return [
          {
            id,
            title,
            svg: drawCurves(title, curves, axis, quantity, look),
            data: curvesTable(id, title, axis, quantity, curves),
          },
        ];
      }),
    ),
  }));
}
