import type { Registry } from '@tfjs-sam/core/registry';
import { completePart, withoutLocations } from '../parts/configurations.js';
import type { TaskInfo } from '../results.js';
import { completeOptimizer } from '../trial/optimizer.js';
import type { TrialSpec } from '../trial/spec.js';
import type { LoadedTask } from '../trial/task.js';
import { type CodeVersion, hashOf } from './identity.js';
import { canonical, flattened, isObject, type Json, type JsonObject, overlaid } from './paths.js';
import type { PlannedGroup, PlannedPoint } from './plan.js';
import { ConfigError, didYouMean, type Problem } from './problem.js';
import { pluginPaths, type StudySource } from './read.js';
import type { Study } from './schema.js';
import { SearchError, searchPoints } from './search.js';

/** A point with what its trials are made of. */
export interface ExpandedPoint extends PlannedPoint<TrialSpec> {
  /** Every option as resolved, by path. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** One arm on one task, ready to run. */
export type Group = PlannedGroup<TrialSpec, ExpandedPoint>;

/** A study as the trials that it is made of. */
export interface Expansion {
  readonly study: Study;
  readonly hash: string;
  readonly seeds: readonly number[];
  readonly baseline: string;
  readonly tasks: readonly TaskInfo[];
  readonly groups: readonly Group[];
  readonly plugins: readonly string[];
}

/** Seeds of a study: `5` is 0 … 4. */
const seedsOf = ({ seeds }: Study): readonly number[] =>
  typeof seeds === 'number' ? Array.from({ length: seeds }, (_, seed) => seed) : [...new Set(seeds)];

const sections = ['task', 'optimizer'];

/** `rho` in an arm is `optimizer.rho`; what begins with `task.` or `optimizer.` says so itself. */
const qualified = (key: string): string => (sections.includes(key.split('.')[0]!) ? key : `optimizer.${key}`);
const qualifiedKeys = (entries: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(entries).map(([key, value]) => [qualified(key), value]));

interface Context {
  readonly source: StudySource;
  readonly registry: Registry;
  readonly code: CodeVersion;
  readonly backend: Study['backend'];
  readonly plugins: readonly string[];
  readonly loaded: Map<string, Promise<{ readonly config: JsonObject; readonly task: LoadedTask }>>;
}

/** Tasks of a study by name: `task` alone, or `tasks` laid over it. */
function tasksOf({ study }: StudySource): Record<string, JsonObject> {
  const shared = (study.task ?? {}) as JsonObject;
  if (study.tasks) {
    return Object.fromEntries(
      Object.entries(study.tasks).map(([name, task]) => [name, overlaid(shared, task as JsonObject)]),
    );
  }
  const nameOf = (part: Json | undefined): string | undefined =>
    typeof part === 'string' ? part : isObject(part) && typeof part.name === 'string' ? part.name : undefined;
  const names = [nameOf(shared.model), nameOf(shared.dataset)].filter((name) => name !== undefined);
  return { [names.length > 0 ? names.join('-') : (nameOf(shared) ?? 'task')]: shared };
}

/** Where the study file says what is wrong: in the arm, in the task, or in what all share. */
function located(problem: Problem, study: Study, task: string, arm: string): Problem {
  const path = problem.path.map(String).join('.');
  const said = Object.keys(study.arms[arm] ?? {}).find((key) => {
    const full = qualified(key);
    return path === full || path.startsWith(`${full}.`) || full.startsWith(`${path}.`);
  });
  const [section, ...rest] = problem.path;
  if (said !== undefined) {
    const inner = problem.path.slice(qualified(said).split('.').length);
    return { path: ['arms', arm, said, ...inner], message: problem.message };
  }
  if (section === 'task' && study.tasks) {
    const own = study.tasks[task] as JsonObject | undefined;
    if (own && rest[0] !== undefined && String(rest[0]) in own)
      return { path: ['tasks', task, ...rest], message: problem.message };
  }
  return problem;
}

const prefixed = (error: unknown, prefix: string): unknown =>
  error instanceof ConfigError
    ? new ConfigError(
        error.problems.map(({ path, message }) => ({
          path: path[0] === prefix ? path : [prefix, ...path],
          message,
        })),
      )
    : error;

/** The paths of a complete configuration that say where data lie, made absolute. */
function loadTask(config: JsonObject, { registry, source, loaded }: Context) {
  const key = canonical(config);
  const known = loaded.get(key);
  if (known) return known;
  const load = async () => {
    try {
      const complete = completePart(registry, 'task', { name: 'supervised', ...config }, source);
      return { config: complete, task: await registry.build('task', complete).load() };
    } catch (error) {
      if (error instanceof ConfigError) throw prefixed(error, 'task');
      throw new ConfigError([{ path: ['task'], message: (error as Error).message }]);
    }
  };
  const entry = load();
  loaded.set(key, entry);
  return entry;
}

/** Refuses measures that cannot be taken on a task. @throws ConfigError. */
function requireMeasurable(
  { registry }: Context,
  points: readonly { readonly expanded: ExpandedPoint; readonly task: LoadedTask }[],
): void {
  const measures = points[0]!.expanded.trials[0]!.config.measures;
  const problems = [...new Set(points.map(({ task }) => task))].flatMap((task) =>
    measures.flatMap((config, i) => {
      const wrong = registry.build('measure', config).contradiction?.(task);
      return wrong === undefined
        ? []
        : [{ path: ['measures', i], message: `${config.name}: expected ${wrong}` }];
    }),
  );
  if (problems.length > 0) throw new ConfigError(problems.slice(0, 1));
}

async function expandPoint(
  context: Context,
  names: { readonly task: string; readonly arm: string },
  { point, config }: ReturnType<typeof searchPoints>[number],
): Promise<{ readonly expanded: ExpandedPoint; readonly task: LoadedTask }> {
  const { registry, source, code, backend, plugins } = context;
  const { config: task, task: loaded } = await loadTask((config.task ?? {}) as JsonObject, context);
  const given = (config.optimizer ?? {}) as JsonObject;
  const span = {
    steps: loaded.epochs * loaded.stepsPerEpoch,
    stepsPerEpoch: loaded.stepsPerEpoch,
    examples: loaded.examples,
  };
  let optimizer: JsonObject;
  try {
    optimizer = completeOptimizer(registry, given, span);
  } catch (error) {
    throw prefixed(error, 'optimizer');
  }
  const measures = source.study.measures.map((measure, i) => {
    const { folder } = source;
    return completePart(registry, 'measure', measure, { path: ['measures', i], folder });
  });
  const { checksum } = loaded;
  const identity = {
    task: withoutLocations(registry, 'task', task),
    optimizer,
    measures,
    backend,
    checksum,
    code,
  };
  const base = hashOf(identity);
  const trials = seedsOf(source.study).map(
    (seed): TrialSpec => ({
      id: hashOf({ base, seed }),
      ...names,
      point,
      seed,
      config: { task, optimizer: given, measures, backend },
      checksum,
      plugins,
    }),
  );
  const options = flattened({ task: identity.task, optimizer } as Json);
  return { expanded: { point, trials, options }, task: loaded };
}

/**
 * Every trial of a study, checked: nothing wrong is found later than here. Loads data, for sizes and checksums.
 *
 * @param backend - The study's, `auto` replaced by what it became.
 * @throws UsageError that names file, line, path, value and what is accepted.
 */
export async function expandStudy(
  source: StudySource,
  registry: Registry,
  code: CodeVersion,
  backend: Study['backend'],
): Promise<Expansion> {
  const { study } = source;
  const plugins = pluginPaths(source);
  const context: Context = { source, registry, code, backend, plugins, loaded: new Map() };
  const baseline = study.baseline ?? Object.keys(study.arms)[0]!;
  if (!(baseline in study.arms)) {
    const names = Object.keys(study.arms);
    const message = `expected one of the arms [${names.join(', ')}], got "${baseline}"${didYouMean(baseline, names)}`;
    throw source.explain(new ConfigError([{ path: ['baseline'], message }]));
  }
  const groups: Group[] = [];
  const tasks: TaskInfo[] = [];
  for (const [task, taskConfig] of Object.entries(tasksOf(source))) {
    for (const [arm, { list, draws, ...entries }] of Object.entries(study.arms)) {
      try {
        const shared: JsonObject = { task: taskConfig, optimizer: study.optimizer as JsonObject };
        const config = overlaid(shared, qualifiedKeys(entries as JsonObject));
        const points = searchPoints({
          config,
          list: listOf(list as Json | undefined),
          draws: drawsOf(draws as Json | undefined),
        });
        const expanded = [];
        for (const each of points) expanded.push(await expandPoint(context, { task, arm }, each));
        requireMeasurable(context, expanded);
        const [{ task: loaded }] = expanded as [(typeof expanded)[number]];
        if (points.length > 1 && !expanded.every(({ task: each }) => each.validation)) {
          throw new ConfigError([
            {
              path: ['task', 'validation'],
              message: `expected a validation split, by which a point of arm "${arm}" is chosen, got none`,
            },
          ]);
        }
        const { metric, better, classes, summary } = loaded;
        groups.push({
          task,
          arm,
          epochs: Math.max(...expanded.map((each) => each.task.epochs)),
          metric: study.choose.metric ?? metric,
          better,
          points: expanded.map((each) => each.expanded),
        });
        if (!tasks.some(({ name }) => name === task))
          tasks.push({ name: task, summary, metric, better, classes });
      } catch (error) {
        if (error instanceof SearchError) {
          throw source.explain(
            new ConfigError([located({ path: error.path, message: error.message }, study, task, arm)]),
          );
        }
        if (!(error instanceof ConfigError)) throw error;
        throw source.explain(new ConfigError(error.problems.map((each) => located(each, study, task, arm))));
      }
    }
  }
  const hash = hashOf(
    groups.map(({ points, ...group }) => [group, points.map(({ trials }) => trials.map(({ id }) => id))]),
  );
  return { study, hash, seeds: seedsOf(study), baseline, tasks, groups, plugins };
}

function listOf(list: Json | undefined): JsonObject[] | undefined {
  if (list === undefined) return undefined;
  if (Array.isArray(list) && list.length > 0 && list.every(isObject))
    return list.map((each) => qualifiedKeys(each));
  throw new SearchError(['optimizer', 'list'], 'expected list to have objects of values by path');
}

function drawsOf(draws: Json | undefined): number | undefined {
  if (draws === undefined || (Number.isSafeInteger(draws) && (draws as number) >= 1)) return draws as number;
  throw new SearchError(
    ['optimizer', 'draws'],
    `expected draws to be an integer >= 1, got ${JSON.stringify(draws)}`,
  );
}
