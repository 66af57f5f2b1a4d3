import * as Plot from '@observablehq/plot';
import type { StudyResults } from '../results.js';
import { performanceProfile } from '../statistics/index.js';
import { type Analysis, metricOf } from './analysis.js';
import type { ArmLook } from './colors.js';
import { draw } from './draw.js';
import type { ReportFigure } from './figure.js';
import { inPercent, significant } from './format.js';
import { tableOf } from './table.js';

type Looks = ReadonlyMap<string, ArmLook>;

/** Fraction of runs above every threshold, over all tasks; undefined where tasks have different metrics. */
export function profileFigure(
  results: StudyResults,
  analysis: Analysis,
  look: Looks,
): ReportFigure | undefined {
  const { tasks } = results;
  const metric = tasks[0]?.metric;
  if (metric === undefined || tasks.some((task) => task.metric !== metric || task.better !== 'higher'))
    return undefined;
  const runs = results.arms.map(({ name }) => ({
    arm: name,
    scores: tasks.map((task) =>
      analysis.rows
        .filter((row) => row.arm.name === name && row.task.name === task.name)
        .flatMap((row) => row.trials.map((trial) => metricOf(trial, metric)))
        .filter((value): value is number => typeof value === 'number' && Number.isFinite(value)),
    ),
  }));
  const all = runs.flatMap(({ scores }) => scores.flat());
  if (all.length < 4) return undefined;
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const thresholds = Array.from({ length: 61 }, (_, i) => low + ((high - low) * (i - 1)) / 59);
  const scale = inPercent(metric) ? 100 : 1;
  const points = runs
    .filter(({ scores }) => scores.flat().length > 0)
    .map(({ arm, scores }) => ({
      arm,
      profile: performanceProfile(scores, thresholds).map((share, i) => ({
        x: scale * thresholds[i]!,
        y: share,
      })),
    }));
  const title = `Fraction of runs above a test ${metric}`;
  const svg = draw(title, {
    marks: points.map(({ arm, profile }) =>
      Plot.line(profile, {
        x: 'x',
        y: 'y',
        curve: 'step-before',
        stroke: look.get(arm)!.color,
        strokeDasharray: look.get(arm)!.dash,
        strokeWidth: 1.7,
        title: () => arm,
      }),
    ),
    x: {
      label: inPercent(metric) ? `test ${metric}, %` : metric,
      labelAnchor: 'center',
      labelOffset: 34,
      labelArrow: 'none',
      ticks: 5,
    },
    y: { label: 'fraction of runs', labelArrow: 'none', grid: true, domain: [0, 1], ticks: 5 },
  });
  const rows = points.flatMap(({ arm, profile }) => profile.map((point) => ({ arm, ...point })));
  const data = tableOf<(typeof rows)[number]>(
    { id: 'profile', title, caption: 'Performance profile.' },
    [
      { key: 'arm', title: 'arm', kind: 'text', value: ({ arm }) => arm },
      { key: 'threshold', title: 'threshold', kind: 'number', value: ({ x }) => x / scale },
      { key: 'fraction', title: 'fraction', kind: 'number', value: ({ y }) => y },
    ],
    rows,
  );
  return { id: 'profile', title, svg, data };
}

/** Mean ranks over tasks; arms under one bar are not told apart. Undefined for fewer than two tasks. */
export function ranksFigure({ ranks: found }: Analysis, look: Looks): ReportFigure | undefined {
  if (!found) return undefined;
  const { arms, ranks, difference, groups } = found;
  const order = arms.map((_, i) => i).sort((a, b) => ranks[a]! - ranks[b]!);
  const rows = order.map((i) => ({ arm: arms[i]!, rank: ranks[i]! }));
  type Row = (typeof rows)[number];
  const bars = groups.map((group, i) => ({
    low: Math.min(...group.map((arm) => ranks[arm]!)),
    high: Math.max(...group.map((arm) => ranks[arm]!)),
    y: -1 - i * 0.6,
  }));
  const title = `Mean ranks over tasks; critical difference ${significant(difference, 3)}`;
  const line = (_: Row, i: number): number => i;
  const svg = draw(title, {
    height: 80 + 17 * rows.length + 9 * bars.length,
    marginLeft: 20,
    marginRight: 130,
    marks: [
      Plot.ruleY(bars, { y: 'y', x1: 'low', x2: 'high', strokeWidth: 5, strokeOpacity: 0.7 }),
      Plot.ruleX(rows, { x: 'rank', y1: -0.6, y2: line, strokeOpacity: 0.25 }),
      Plot.dot(rows, { x: 'rank', y: line, r: 4, fill: ({ arm }: Row) => look.get(arm)!.color }),
      Plot.text(rows, {
        x: 'rank',
        y: line,
        dx: 9,
        textAnchor: 'start',
        text: ({ arm, rank }: Row) => `${arm} ${significant(rank, 3)}`,
      }),
    ],
    x: {
      label: 'mean rank, 1 is the best',
      labelAnchor: 'center',
      labelOffset: 34,
      labelArrow: 'none',
      axis: 'top',
      inset: 10,
      ticks: 6,
    },
    y: { axis: null, reverse: true },
  });
  const data = tableOf<Row>(
    { id: 'ranks', title, caption: 'Mean ranks over tasks.' },
    [
      { key: 'arm', title: 'arm', kind: 'text', value: ({ arm }) => arm },
      { key: 'mean_rank', title: 'mean rank', kind: 'number', value: ({ rank }) => rank },
      { key: 'critical_difference', title: 'critical difference', kind: 'number', value: () => difference },
    ],
    rows,
  );
  return { id: 'ranks', title, svg, data };
}
