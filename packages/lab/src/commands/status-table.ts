import Table from 'cli-table3';
import { mean, sampleStandardDeviation } from 'simple-statistics';
import { comparedTrials, type Metrics, type StudyResults, type TrialResult } from '../results.js';

const counted = (trials: readonly TrialResult[]): string => {
  const counts = new Map<string, number>();
  for (const { state, outcome } of trials) {
    const key = state === 'done' && outcome !== 'ok' && outcome !== undefined ? outcome : state;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ');
};

/** A metric as text: shares in percent. */
function shown(values: readonly number[], metric: string): string {
  if (values.length === 0) return '–';
  const percent = metric === 'accuracy';
  const text = (value: number): string => (percent ? (100 * value).toFixed(2) : value.toPrecision(4));
  const spread = values.length > 1 ? ` ± ${text(sampleStandardDeviation([...values]))}` : '';
  return `${text(mean([...values]))}${spread}`;
}

const numbers = (
  trials: readonly TrialResult[],
  of: (trial: TrialResult) => Metrics | undefined,
  metric: string,
) =>
  trials.flatMap((trial) => {
    const value = of(trial)?.[metric];
    return typeof value === 'number' ? [value] : [];
  });

/** One line about where a study stands. */
export function statusLine({ name, trials }: StudyResults): string {
  return `${name}: ${counted(trials)}`;
}

/** A table per task for the terminal: what was chosen, and how the arms do so far. */
export function statusTables(results: StudyResults): string {
  return results.tasks
    .map(({ name: task, metric, summary }) => {
      const unit = metric === 'accuracy' ? ', %' : '';
      const table = new Table({
        head: [
          'arm',
          'chosen',
          'seeds',
          `test ${metric}${unit}`,
          `best epoch${unit}`,
          'ms per step',
          'gradients',
        ],
        colAligns: ['left', 'left', 'right', 'right', 'right', 'right', 'right'],
        style: { head: [], border: [], compact: true },
      });
      for (const { name, points, hopeless, gradientsPerStep } of results.arms) {
        const own = points.filter((point) => point.task === task);
        const chosen = own.find((point) => point.chosen);
        const trials = comparedTrials(results, name, task).filter(({ state }) => state === 'done');
        const steps = trials.flatMap(({ stepTimes }) => stepTimes?.median ?? []);
        table.push([
          name,
          own.length > 1
            ? chosen
              ? pointText(chosen.point)
              : hopeless?.includes(task)
                ? 'none'
                : 'not yet'
            : '',
          trials.length,
          shown(
            numbers(trials, ({ last }) => last?.test, metric),
            metric,
          ),
          shown(
            numbers(trials, ({ best }) => best?.test, metric),
            metric,
          ),
          steps.length > 0 ? mean(steps).toFixed(2) : '–',
          gradientsPerStep ?? '–',
        ]);
      }
      return `${task}: ${summary}\n${table.toString()}\n`;
    })
    .join('\n');
}

/** `rho 0.1`: a point for a cell. */
export const pointText = (point: Readonly<Record<string, unknown>>): string =>
  Object.entries(point)
    .map(
      ([path, value]) =>
        `${path.replace(/^optimizer\./, '')} ${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    .join(', ');

/** Most lines of problems: the report has all of them. */
const mostProblems = 20;

/** Trials that did not go as they should: a line for those of a point that did alike, reasons equal but for numbers. */
export function problemLines({ trials }: StudyResults): string[] {
  const alike = new Map<string, TrialResult[]>();
  for (const trial of trials) {
    const { task, arm, point, state, outcome, reason } = trial;
    if (state !== 'failed' && (outcome === undefined || outcome === 'ok')) continue;
    const key = JSON.stringify([task, arm, point, state, outcome, reason?.replace(/\d+(\.\d+)?/g, '0')]);
    alike.set(key, [...(alike.get(key) ?? []), trial]);
  }
  const lines = [...alike.values()].map((group) => {
    const [{ task, arm, point, state, outcome, reason, attempts }] = group as [TrialResult];
    const names = [task, arm, pointText(point)].filter((name) => name !== '').join(' ');
    const seeds = `${group.length === 1 ? 'seed' : 'seeds'} ${group.map(({ seed }) => seed).join(', ')}`;
    const end = state === 'failed' ? `failed after ${attempts} attempts` : outcome;
    return `${names} ${seeds}: ${end}: ${reason}`;
  });
  if (lines.length <= mostProblems) return lines;
  return [
    ...lines.slice(0, mostProblems - 1),
    `… and ${lines.length - mostProblems + 1} more, in the report`,
  ];
}
