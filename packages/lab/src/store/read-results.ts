import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { UsageError } from '../errors.js';
import type { PointResult, StudyResults, TrialResult, TrialState } from '../results.js';
import type { Json } from '../study/paths.js';
import { type Known, planGroup } from '../study/plan.js';
import { isLocked } from './lock.js';
import { knownOf, StudyFolder, type StudyHeader } from './study-folder.js';

const open: Known = { state: 'open', epochs: [] };

function trialResult(
  folder: StudyFolder,
  names: Pick<TrialResult, 'id' | 'task' | 'arm' | 'point' | 'seed'>,
  begun: ReadonlySet<string>,
  locked: boolean,
  stopped: string | undefined,
): TrialResult {
  const { id } = names;
  const empty = { epochs: [], measures: {}, figures: [], attempts: 0 };
  if (!begun.has(id)) return { ...names, ...empty, state: 'queued' };
  const trial = folder.trial(id);
  const { result } = trial;
  if (result?.state === 'done') {
    const { epochs, attempts, outcome, reason, last, best, measures, figures, stepTimes } = result;
    return {
      ...names,
      state: 'done',
      epochs,
      attempts,
      outcome,
      reason,
      last,
      best,
      measures,
      figures,
      stepTimes,
    };
  }
  if (result) {
    const { reason, epochs, attempts } = result;
    return { ...names, ...empty, state: 'failed', reason, epochs, attempts };
  }
  const { epochs, events } = trial;
  const attempts = events.at(-1)?.attempt ?? 1;
  const running = locked && events.at(-1)?.state === 'running';
  const state: TrialState = stopped !== undefined ? 'stopped' : running ? 'running' : 'queued';
  return { ...names, ...empty, state, reason: stopped, epochs, attempts };
}

/** Mean gradient evaluations per step, as the first arm's trial that is done counted them. */
function gradientsPerStep(trials: readonly TrialResult[], arm: string): number | undefined {
  const last = trials.find((trial) => trial.arm === arm && trial.state === 'done')?.epochs.at(-1);
  return last && last.steps > 0 ? Number((last.gradients / last.steps).toFixed(3)) : undefined;
}

/** The whole study as its folder tells it. */
export function readResults(folder: StudyFolder, header: StudyHeader): StudyResults {
  const { study, outline } = header;
  const begun = new Set(folder.begun());
  const locked = isLocked(folder.path);
  const known = new Map<string, Known>();
  const get = (id: string): Known => {
    if (!begun.has(id)) return open;
    const found = known.get(id) ?? knownOf(folder.trial(id));
    known.set(id, found);
    return found;
  };
  const trials: TrialResult[] = [];
  const pointsOf = new Map<string, PointResult[]>();
  const hopeless = new Map<string, string[]>();
  for (const group of outline.groups) {
    const plan = planGroup(group, study.choose, get);
    const { task, arm } = group;
    if (plan.hopeless) hopeless.set(arm, [...(hopeless.get(arm) ?? []), task]);
    const points = group.points.map(({ point, trials: specs }, index): PointResult => {
      const stopped = plan.stopped.get(index);
      const own = specs.map((spec) =>
        trialResult(folder, { ...spec, task, arm, point }, begun, locked, stopped),
      );
      // Trials of points that are over for the choice, which no seed began, will never be.
      const unneeded = plan.hopeless || (plan.chosen !== undefined && plan.chosen !== index);
      trials.push(...own.filter(({ state }) => !(unneeded && state === 'queued')));
      return {
        task,
        point,
        trials: own.map(({ id }) => id),
        validation: own
          .filter(({ state }) => state === 'done')
          .map(({ last }) => last?.validation[group.metric] ?? null),
        chosen: plan.chosen === index,
      };
    });
    pointsOf.set(arm, [...(pointsOf.get(arm) ?? []), ...points]);
  }
  const arms = outline.arms.map((arm) => ({
    ...arm,
    points: pointsOf.get(arm.name)!,
    hopeless: hopeless.get(arm.name),
    gradientsPerStep: gradientsPerStep(trials, arm.name),
  }));
  const over = trials.every(({ state }) => ['done', 'failed', 'stopped'].includes(state));
  const finishedAt = over ? lastFinish(folder, trials) : undefined;
  return {
    name: study.study,
    description: study.description,
    folder: folder.path,
    hash: header.hash,
    configuration: stringify(study as unknown as Json),
    tasks: outline.tasks,
    arms,
    baseline: outline.baseline,
    seeds: outline.seeds,
    measures: outline.measures,
    trials,
    provenance: { ...header.provenance, finishedAt },
  };
}

function lastFinish(folder: StudyFolder, trials: readonly TrialResult[]): string | undefined {
  const times = trials.flatMap(({ id }) => folder.trial(id).result?.finishedAt ?? []);
  return times.reduce<string | undefined>(
    (last, time) => (last === undefined || time > last ? time : last),
    undefined,
  );
}

/** A folder with the header of its study. @throws UsageError when there is no study in it. */
export function studyIn(path: string): { readonly folder: StudyFolder; readonly header: StudyHeader } {
  const folder = new StudyFolder(path);
  const { header } = folder;
  if (header) return { folder, header };
  const got = existsSync(join(path, 'study.json'))
    ? 'one that is not as it was written. Run the study itself with --out: what is done stays'
    : 'none. See tfjs-sam run --help';
  throw new UsageError(`${path}: expected the folder of a study, with a study.json, got ${got}`);
}

/** The results that a folder holds, from the folder alone. @throws UsageError when there is no study in it. */
export function resultsIn(path: string): StudyResults {
  const { folder, header } = studyIn(path);
  return readResults(folder, header);
}
