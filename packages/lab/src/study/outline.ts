import type { Registry } from '@tfjs-sam/core/registry';
import { namedMeasures } from '../measures/named.js';
import type { ArmInfo, MeasureInfo, TaskInfo } from '../results.js';
import type { Expansion, Group } from './expand.js';
import type { PlannedGroup } from './plan.js';

/** A trial by its identity and seed. */
export interface OutlinedTrial {
  readonly id: string;
  readonly seed: number;
}

/**
 * A study as its folder keeps it: all that its results are read with. Neither data nor modules of parts are needed for
 * that, which may be on another machine or have changed since.
 */
export interface Outline {
  readonly tasks: readonly TaskInfo[];
  readonly arms: readonly Omit<ArmInfo, 'points' | 'gradientsPerStep'>[];
  readonly baseline: string;
  readonly seeds: readonly number[];
  readonly measures: readonly MeasureInfo[];
  readonly groups: readonly PlannedGroup<OutlinedTrial>[];
}

/** An optimizer's method, by its options. */
function armOf(registry: Registry, groups: readonly Group[]): Outline['arms'][number] {
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
  };
}

/** Columns of the measures, each once. */
function measuresOf(groups: readonly Group[], registry: Registry): MeasureInfo[] {
  const [first] = groups[0]?.points[0]?.trials ?? [];
  const columns = namedMeasures(registry, first?.config.measures ?? []).flatMap((measure) => measure.columns);
  return [...new Map(columns.map((column) => [column.name, column])).values()];
}

/** The outline of a study that was expanded. */
export function outlineOf({ tasks, baseline, seeds, groups }: Expansion, registry: Registry): Outline {
  const arms = [...new Set(groups.map(({ arm }) => arm))];
  return {
    tasks,
    arms: arms.map((name) =>
      armOf(
        registry,
        groups.filter(({ arm }) => arm === name),
      ),
    ),
    baseline,
    seeds,
    measures: measuresOf(groups, registry),
    groups: groups.map(({ points, ...group }) => ({
      ...group,
      points: points.map(({ point, trials }) => ({
        point,
        trials: trials.map(({ id, seed }) => ({ id, seed })),
      })),
    })),
  };
}

/** Identities of all trials of a study, each once. */
export const trialsOf = ({ groups }: Outline): string[] => [
  ...new Set(groups.flatMap(({ points }) => points.flatMap(({ trials }) => trials.map(({ id }) => id)))),
];
