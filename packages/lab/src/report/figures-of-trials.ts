import * as Plot from '@observablehq/plot';
import type { StudyResults, TaskInfo } from '../results.js';
import type { Analysis } from './analysis.js';
import type { ArmLook } from './colors.js';
import { draw } from './draw.js';
import type { FigureGroup, ReportFigure } from './figure.js';
import { significant } from './format.js';
import { tableOf } from './table.js';

type Looks = ReadonlyMap<string, ArmLook>;
type Drawing = StudyResults['trials'][number]['figures'][number];
interface Sample {
  readonly x: number;
  readonly y: number;
  readonly z: number | null;
}

const samplesOf = (drawing: Drawing): Sample[] =>
  drawing.kind === 'line'
    ? drawing.points.map(([x, y]) => ({ x, y, z: null }))
    : drawing.z.flatMap((row, r) => row.map((z, c) => ({ x: drawing.x[c]!, y: drawing.y[r]!, z })));

/** Contours of a grid, or a line; undefined where there is nothing finite to draw. */
function drawTrial(
  title: string,
  drawing: Drawing,
  samples: readonly Sample[],
  color: string,
): string | undefined {
  if (drawing.kind === 'line') {
    const finite = samples.filter(({ x, y }) => Number.isFinite(x) && Number.isFinite(y));
    if (finite.length === 0) return undefined;
    return draw(title, {
      marks: [
        Plot.line(finite, {
          x: 'x',
          y: 'y',
          stroke: color,
          strokeWidth: 1.8,
          ...(finite.length === 1 && { marker: 'dot' }),
        }),
      ],
      x: { label: null, ticks: 5 },
      y: { label: null, grid: true, ticks: 5 },
    });
  }
  const heights = samples.flatMap(({ z }) => (z !== null && Number.isFinite(z) ? [z] : []));
  if (heights.length < 4 || drawing.x.length < 2 || drawing.y.length < 2) return undefined;
  const [low, high] = [Math.min(...heights), Math.max(...heights)];
  // A loss rises by decades away from its minimum: levels that are even in the logarithm show both.
  const lift = (z: number): number => Math.log1p((9 * (z - low)) / (high - low || 1));
  const levels = 12;
  const thresholds = Array.from({ length: levels }, (_, i) => (Math.log(10) * (i + 0.5)) / levels);
  const flat = drawing.z.flatMap((row) => row.map((z) => (z === null ? Number.NaN : lift(z))));
  return draw(`${title}, from ${significant(low)} to ${significant(high)}`, {
    marks: [
      Plot.contour(flat, {
        width: drawing.x.length,
        height: drawing.y.length,
        x1: drawing.x[0]!,
        x2: drawing.x.at(-1)!,
        y1: drawing.y[0]!,
        y2: drawing.y.at(-1)!,
        fill: color,
        fillOpacity: 0.09,
        stroke: color,
        strokeWidth: 0.8,
        thresholds,
      }),
      Plot.dot([[0, 0]], { r: 2.5, fill: 'currentColor' }),
    ],
    x: { label: null, ticks: 5, domain: [drawing.x[0]!, drawing.x.at(-1)!] },
    y: { label: null, ticks: 5, domain: [drawing.y[0]!, drawing.y.at(-1)!] },
  });
}

/** Drawings that the measures left, landscapes for instance: of each arm's first seed that has some. */
export function trialFigures(
  results: StudyResults,
  analysis: Analysis,
  task: TaskInfo,
  look: Looks,
): FigureGroup | undefined {
  const rows = analysis.rows.filter((row) => row.task.name === task.name);
  const figures = rows.flatMap(({ arm, trials }) => {
    const trial = trials.find((one) => one && one.figures.length > 0);
    return (trial?.figures ?? []).flatMap((drawing, i): ReportFigure[] => {
      const title = `${arm.name}, seed ${trial!.seed}: ${drawing.title}`;
      const id = `trial-${task.name}-${arm.name}-${i + 1}`;
      const samples = samplesOf(drawing);
      const svg = drawTrial(title, drawing, samples, look.get(arm.name)!.color);
      if (svg === undefined) return [];
      const keys = drawing.kind === 'line' ? (['x', 'y'] as const) : (['x', 'y', 'z'] as const);
      const data = tableOf<Sample>(
        { id, title, caption: drawing.title },
        keys.map((key) => ({ key, title: key, kind: 'number', value: (sample) => sample[key] })),
        samples,
      );
      return [{ id, title, svg, data }];
    });
  });
  if (figures.length === 0) return undefined;
  return {
    title: `${task.name}: landscapes`,
    caption:
      'Of the first seed of each arm; contours are even in the logarithm of the height above the lowest point.',
    figures,
    secondary: results.arms.length > 8,
  };
}
