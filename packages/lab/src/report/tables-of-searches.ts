import type { Point, StudyResults, TaskInfo } from '../results.js';
import { summariseSeeds } from '../statistics/index.js';
import { metricOf } from './analysis.js';
import { number, numbers, optionColumns, text } from './columns.js';
import { metricFormat, summaryText } from './format.js';
import { type Table, tableOf } from './table.js';

/** Results of one point of a search. */
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
      caption:
        'Points are chosen by the mean on the validation split over the first seeds, those that every point has; ' +
        'the chosen one is then trained from all seeds. The test split has no part in it.',
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
