import type { Registry } from '@tfjs-sam/core/registry';
import { stringify } from 'yaml';
import { knownOf } from '../execute/conduct.js';
import { namedMeasures } from '../measures/named.js';
import type { ArmInfo, MeasureInfo, PointResult, StudyResults, TrialResult, TrialState } from '../results.js';
import type { Expansion, Group } from '../study/expand.js';
import type { Json } from '../study/paths.js';
import { type Known, type Plan, planGroup } from '../study/plan.js';
import type { TrialSpec } from '../trial/spec.js';
import { isLocked } from './lock.js';
import type { StudyFolder, StudyHeader } from './study-folder.js';

const open: Known = { state: 'open', epochs: [] };

function trialResult(
  folder: StudyFolder,
  spec: TrialSpec,
  begun: ReadonlySet<string>,
  locked: boolean,
  stopped: string | undefined,
): TrialResult {
  const { id, task, arm, point, seed } = spec;
  const names = { id, task, arm, point, seed };
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

/** An optimizer's method, by its options. */
function armInfo(registry: Registry, groups: readonly Group[], points: readonly PointResult[]): ArmInfo {
  const [group] = groups as [Group];
  const { options } = group.points[0]!;
  const variant = options['optimizer.variant'];
  const name = String(variant ?? options['optimizer.base.name'] ?? options['optimizer.name']);
  const plugin = registry.find(name, variant === undefined ? 'base-optimizer' : 'variant');
  const varied = new Set(group.points.flatMap(({ point }) => Object.keys(point)));
  const isVaried = (path: string): boolean =>
    [...varied].some((each) => path === each || path.startsWith(`${each}.`));
  return {
    name: group.arm,
    group: name,
    summary: plugin.doc,
    source: plugin.source ?? plugin.package,
    options: Object.fromEntries(Object.entries(options).filter(([path]) => !isVaried(path))),
    points,
  };
}

/** Columns of the measures, each once. */
function measureInfos({ groups }: Expansion, registry: Registry): MeasureInfo[] {
  const [first] = groups[0]?.points[0]?.trials ?? [];
  const columns = namedMeasures(registry, first?.config.measures ?? []).flatMap((measure) => measure.columns);
  return [...new Map(columns.map((column) => [column.name, column])).values()];
}

/** Mean gradient evaluations per step, as the first arm's trial that is done counted them. */
function gradientsPerStep(trials: readonly TrialResult[], arm: string): number | undefined {
  const last = trials.find((trial) => trial.arm === arm && trial.state === 'done')?.epochs.at(-1);
  return last && last.steps > 0 ? Number((last.gradients / last.steps).toFixed(3)) : undefined;
}

/** The whole study as its folder tells it. */
export function readResults(
  folder: StudyFolder,
  header: StudyHeader,
  expansion: Expansion,
  registry: Registry,
): StudyResults {
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
  for (const group of expansion.groups) {
    const plan: Plan = planGroup(group, expansion.study.choose, get);
    const points = group.points.map(({ point, trials: specs }, index): PointResult => {
      const stopped = plan.stopped.get(index);
      const own = specs.map((spec) => trialResult(folder, spec, begun, locked, stopped));
      // Trials of points that are over for the choice, which no seed began, will never be.
      const unneeded = plan.chosen !== undefined && plan.chosen !== index;
      trials.push(...own.filter(({ state }) => !(unneeded && state === 'queued')));
      return {
        task: group.task,
        point,
        trials: own.map(({ id }) => id),
        validation: own
          .filter(({ state }) => state === 'done')
          .map(({ last }) => last?.validation[group.metric] ?? null),
        chosen: plan.chosen === index,
      };
    });
    pointsOf.set(group.arm, [...(pointsOf.get(group.arm) ?? []), ...points]);
  }
  const arms = [...new Set(expansion.groups.map(({ arm }) => arm))].map((arm) => {
    const groups = expansion.groups.filter((group) => group.arm === arm);
    return {
      ...armInfo(registry, groups, pointsOf.get(arm)!),
      gradientsPerStep: gradientsPerStep(trials, arm),
    };
  });
  const over = trials.every(({ state }) => ['done', 'failed', 'stopped'].includes(state));
  const finishedAt = over ? lastFinish(folder, trials) : undefined;
  const { study } = expansion;
  return {
    name: study.study,
    description: study.description,
    folder: folder.path,
    hash: header.hash,
    configuration: stringify(study as unknown as Json),
    tasks: expansion.tasks,
    arms,
    baseline: expansion.baseline,
    seeds: expansion.seeds,
    measures: measureInfos(expansion, registry),
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
