import type { StudyResults } from '../results.js';
import type { Analysis, OverTasks } from './analysis.js';
import { number, numbers, text } from './columns.js';
import { metricFormat, none, significant, withInterval } from './format.js';
import { type Table, tableOf } from './table.js';
import { armsTable, summaryTable } from './tables-of-arms.js';
import { searchTable } from './tables-of-searches.js';
import { failuresTable } from './tables-of-trials.js';

/** Interquartile mean and probability of improvement over all tasks. */
function tasksTable(results: StudyResults, { overTasks }: Analysis): Table {
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

/** Tables for readers, in the order of a report. */
export function reportTables(results: StudyResults, analysis: Analysis): Table[] {
  return [
    summaryTable(results, analysis),
    ...results.tasks.flatMap((task) => [armsTable(results, analysis, task), searchTable(results, task)]),
    tasksTable(results, analysis),
    failuresTable(results),
  ].filter((table) => table !== undefined);
}
