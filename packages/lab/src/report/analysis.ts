import { median } from 'simple-statistics';
import {
  type ArmInfo,
  comparedTrials,
  type Point,
  type StudyResults,
  type TaskInfo,
  type TrialResult,
} from '../results.js';
import {
  type CriticalDifference,
  comparePaired,
  criticalDifference,
  holm,
  type Interval,
  interquartileMean,
  type Observed,
  type PairedDifference,
  probabilityOfImprovement,
  reachedAt,
  type SeedSummary,
  stratifiedInterval,
  summariseSeeds,
} from '../statistics/index.js';

/** Results of one arm on one task, over seeds. */
export interface ArmRow {
  readonly task: TaskInfo;
  readonly arm: ArmInfo;
  /** Point of the arm's search that is compared; undefined while none is chosen. */
  readonly point: Point | undefined;
  /** Trial of each seed of the study, in the order of the seeds. */
  readonly trials: readonly (TrialResult | undefined)[];
  /** Task's metric on the test split after the last epoch. */
  readonly last: SeedSummary;
  /** The same at the epoch with the best validation metric; undefined without a validation split. */
  readonly best: SeedSummary | undefined;
  /** Against the baseline; undefined for the baseline itself. */
  readonly difference: PairedDifference | undefined;
  /** p of the t test after Holm's correction over the arms of the task. */
  readonly tHolm: number | undefined;
  /** p of the signed-rank test after the same. */
  readonly signedRankHolm: number | undefined;
  /** The metric at what the cheapest arm spent; see `Budget`. */
  readonly atGradients: SeedSummary;
  readonly atSeconds: SeedSummary;
  /** Median over trials of their median step times, in milliseconds. */
  readonly stepMs: number | undefined;
  /** `stepMs` over the baseline's. */
  readonly stepRatio: number | undefined;
  readonly measures: Readonly<Record<string, MeasureSummary>>;
  /** Everything that a reader must know, in words. */
  readonly notes: readonly string[];
}

/** A measure's numbers of an arm. */
export interface MeasureSummary extends SeedSummary {
  /** Standard error of the mean by what each seed's own estimate is off; undefined where these have none. */
  readonly error: number | undefined;
  /** Seeds whose number is not to be believed. */
  readonly unreliable: number;
}

/** The cost of the cheapest arm of a task: up to there all arms can be compared. */
export interface Budget {
  readonly task: string;
  readonly gradients: number;
  readonly seconds: number;
}

/** Results of one arm over all tasks. */
export interface OverTasks {
  readonly arm: ArmInfo;
  readonly iqm: number;
  readonly interval: Interval | undefined;
  /** Probability that a run of it is better than one of the baseline; undefined for the baseline. */
  readonly improvement: number | undefined;
  readonly improvementInterval: Interval | undefined;
}

/** Statistics of a study. */
export interface Analysis {
  readonly rows: readonly ArmRow[];
  readonly budgets: readonly Budget[];
  readonly overTasks: readonly OverTasks[];
  readonly ranks: (CriticalDifference & { readonly arms: readonly string[] }) | undefined;
  /** Paths of the options that differ between arms, those of searches among them. */
  readonly differing: readonly string[];
}

/** The metric of a trial that ran to the end; null where it diverged or has none. */
export function metricOf(
  trial: TrialResult | undefined,
  metric: string,
  when: 'last' | 'best' = 'last',
): Observed {
  if (trial?.state !== 'done' || trial.outcome === 'diverged') return null;
  return trial[when]?.test[metric];
}

const spent = (trial: TrialResult, axis: 'gradients' | 'seconds'): number => trial.epochs.at(-1)?.[axis] ?? 0;

/** Trials that ended as they should have: a failed one's curve ends early, and says nothing about cost. */
const finished = (trials: readonly (TrialResult | undefined)[]): TrialResult[] =>
  trials.filter((trial): trial is TrialResult => trial?.state === 'done' && trial.outcome !== 'diverged');

/** Trials of an arm on a task by seed, undefined where one has not run. */
function bySeed(results: StudyResults, arm: string, task: string): (TrialResult | undefined)[] {
  const trials = new Map(comparedTrials(results, arm, task).map((trial) => [trial.seed, trial]));
  return results.seeds.map((seed) => trials.get(seed));
}

function medianOf(values: readonly (number | undefined)[]): number | undefined {
  const known = values.filter((value): value is number => value !== undefined && Number.isFinite(value));
  return known.length > 0 ? median(known) : undefined;
}

/** True of an arm that has no point on a task, and never will: what its search tried failed or diverged. */
export const isHopeless = ({ hopeless }: ArmInfo, { name }: TaskInfo): boolean =>
  hopeless?.includes(name) ?? false;

function outcomeNotes(trials: readonly (TrialResult | undefined)[]): string[] {
  const count = (text: string, holds: (trial: TrialResult | undefined) => boolean): string[] => {
    const n = trials.filter(holds).length;
    return n > 0 ? [`${n} of ${trials.length} ${text}`] : [];
  };
  return [
    ...count('diverged', (trial) => trial?.outcome === 'diverged'),
    ...count('ended no better than chance', (trial) => trial?.outcome === 'chance'),
    ...count('failed', (trial) => trial?.state === 'failed'),
    ...count('not finished', (trial) => !trial || trial.state === 'queued' || trial.state === 'running'),
  ];
}

function measureSummaries(
  results: StudyResults,
  trials: readonly (TrialResult | undefined)[],
): { readonly measures: Record<string, MeasureSummary>; readonly notes: string[] } {
  const measures: Record<string, MeasureSummary> = {};
  const notes: string[] = [];
  for (const { name, title } of results.measures) {
    const found = trials.map((trial) => trial?.measures[name]);
    const errors = found.flatMap((each) =>
      each?.value != null && each.error !== undefined ? [each.error] : [],
    );
    const reasons = found.flatMap((each) => each?.unreliable ?? []);
    measures[name] = {
      ...summariseSeeds(found.map((each) => each?.value)),
      error: errors.length > 0 ? Math.hypot(...errors) / errors.length : undefined,
      unreliable: reasons.length,
    };
    for (const reason of new Set(reasons)) notes.push(`${title} is unreliable: ${reason}`);
  }
  return { measures, notes };
}

/** Rows of one task: the arms in their order, each against the baseline. */
function taskRows(results: StudyResults, task: TaskInfo): { rows: ArmRow[]; budget: Budget } {
  const trialsOf = new Map(results.arms.map(({ name }) => [name, bySeed(results, name, task.name)]));
  const all = [...trialsOf.values()].map(finished).filter((trials) => trials.length > 0);
  const cheapest = (axis: 'gradients' | 'seconds'): number =>
    all.length === 0 ? 0 : Math.min(...all.flatMap((trials) => trials.map((trial) => spent(trial, axis))));
  const budget = { task: task.name, gradients: cheapest('gradients'), seconds: cheapest('seconds') };
  const baseline = trialsOf.get(results.baseline) ?? results.seeds.map(() => undefined);
  const baselineMs = medianOf(baseline.map((trial) => trial?.stepTimes?.median));
  const rows = results.arms.map((arm) => {
    const trials = trialsOf.get(arm.name)!;
    return armRow(results, task, arm, trials, { budget, baseline, baselineMs });
  });
  const t = holm(rows.map(({ difference }) => difference?.tTest?.p));
  const signed = holm(rows.map(({ difference }) => difference?.signedRank?.p));
  return { rows: rows.map((row, i) => ({ ...row, tHolm: t[i], signedRankHolm: signed[i] })), budget };
}

interface Shared {
  readonly budget: Budget;
  readonly baseline: readonly (TrialResult | undefined)[];
  readonly baselineMs: number | undefined;
}

function armRow(
  results: StudyResults,
  task: TaskInfo,
  arm: ArmInfo,
  trials: readonly (TrialResult | undefined)[],
  { budget, baseline, baselineMs }: Shared,
): ArmRow {
  const values = trials.map((trial) => metricOf(trial, task.metric));
  const best = trials.map((trial) => metricOf(trial, task.metric, 'best'));
  const last = summariseSeeds(values);
  const difference =
    arm.name === results.baseline
      ? undefined
      : comparePaired(
          values,
          baseline.map((trial) => metricOf(trial, task.metric)),
        );
  const at = (axis: 'gradients' | 'seconds'): SeedSummary =>
    summariseSeeds(
      trials.map((trial) =>
        trial && finished([trial]).length > 0
          ? reachedAt(
              trial.epochs.map((epoch) => [epoch[axis], epoch.test[task.metric] ?? null]),
              budget[axis],
            )
          : null,
      ),
    );
  const stepMs = medianOf(trials.map((trial) => trial?.stepTimes?.median));
  const { measures, notes } = measureSummaries(results, trials);
  const chosen = arm.points.find((point) => point.task === task.name && point.chosen);
  return {
    task,
    arm,
    point: chosen?.point,
    trials,
    last,
    best: best.some((value) => value !== undefined && value !== null) ? summariseSeeds(best) : undefined,
    difference,
    tHolm: undefined,
    signedRankHolm: undefined,
    atGradients: at('gradients'),
    atSeconds: at('seconds'),
    stepMs,
    stepRatio: stepMs !== undefined && baselineMs !== undefined ? stepMs / baselineMs : undefined,
    measures,
    notes: [
      ...(chosen
        ? []
        : [
            isHopeless(arm, task)
              ? 'no point of its search is chosen: all trials that would tell failed or diverged'
              : 'no point of its search is chosen yet',
          ]),
      ...outcomeNotes(trials),
      ...last.notes,
      ...(difference?.notes ?? []),
      ...notes,
    ],
  };
}

/** Numbers of an arm's runs on each task, turned so that higher is better; missing ones are left out. */
function scores(rows: readonly ArmRow[], arm: string): number[][] {
  return rows
    .filter((row) => row.arm.name === arm)
    .map(({ task, trials }) => {
      const sign = task.better === 'higher' ? 1 : -1;
      return trials
        .map((trial) => metricOf(trial, task.metric))
        .filter((value): value is number => typeof value === 'number' && Number.isFinite(value))
        .map((value) => sign * value);
    });
}

function aggregates(results: StudyResults, rows: readonly ArmRow[]): OverTasks[] {
  const baseline = scores(rows, results.baseline);
  // An aggregate of accuracies and losses would be a number without a meaning.
  const comparable = new Set(results.tasks.map(({ metric, better }) => `${metric} ${better}`)).size === 1;
  const sign = results.tasks[0]?.better === 'lower' ? -1 : 1;
  return results.arms.map((arm) => {
    const own = scores(rows, arm.name);
    const complete = own.every((runs) => runs.length > 0) && own.length > 0;
    const iqm = (tasks: readonly (readonly number[])[]): number => sign * interquartileMean(tasks.flat());
    const paired = complete && arm.name !== results.baseline && baseline.every((runs) => runs.length > 0);
    return {
      arm,
      iqm: complete && comparable ? iqm(own) : Number.NaN,
      interval: complete && comparable && own.flat().length > 3 ? stratifiedInterval(own, iqm) : undefined,
      improvement: paired ? probabilityOfImprovement(own, baseline) : undefined,
      improvementInterval: paired
        ? stratifiedInterval([...own, ...baseline], (tasks) =>
            probabilityOfImprovement(tasks.slice(0, own.length), tasks.slice(own.length)),
          )
        : undefined,
    };
  });
}

function ranked(results: StudyResults, rows: readonly ArmRow[]): Analysis['ranks'] {
  const means = results.arms.map((arm) => ({
    name: arm.name,
    means: scores(rows, arm.name).map((runs) => runs.reduce((sum, value) => sum + value, 0) / runs.length),
  }));
  // An arm that lacks a task cannot be ranked on it.
  const complete = means.filter(({ means: values }) => values.every(Number.isFinite));
  const found = criticalDifference(complete.map(({ means: values }) => values));
  return found && { ...found, arms: complete.map(({ name }) => name) };
}

function differingPaths({ arms }: StudyResults): string[] {
  const searched = arms.flatMap(({ points }) => points.flatMap(({ point }) => Object.keys(point)));
  const paths = [...new Set([...arms.flatMap(({ options }) => Object.keys(options)), ...searched])];
  return paths.filter(
    (path) =>
      searched.includes(path) || new Set(arms.map(({ options }) => JSON.stringify(options[path]))).size > 1,
  );
}

/** Computes every number of a report. */
export function analyse(results: StudyResults): Analysis {
  const tasks = results.tasks.map((task) => taskRows(results, task));
  const rows = tasks.flatMap((task) => task.rows);
  return {
    rows,
    budgets: tasks.map(({ budget }) => budget),
    overTasks: aggregates(results, rows),
    ranks: ranked(results, rows),
    differing: differingPaths(results),
  };
}
