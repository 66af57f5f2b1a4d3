import { UsageError } from '../errors.js';
import type { Expansion } from '../study/expand.js';
import type { TrialSpec } from '../trial/spec.js';

/** The part of a study that a runner does: number `index` of `count`, from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/** The shard of the job array that this process is a task of; undefined outside of one. */
function arrayShard(env: NodeJS.ProcessEnv): Shard | undefined {
  const { SLURM_ARRAY_TASK_ID: task, SLURM_ARRAY_TASK_COUNT: tasks } = env;
  const { JOB_COMPLETION_INDEX: index, JOB_COMPLETION_COUNT: count } = env;
  if (task !== undefined && tasks !== undefined) {
    const { SLURM_ARRAY_TASK_MIN: first = 0, SLURM_ARRAY_TASK_STEP: step = 1 } = env;
    const count = Number(tasks);
    // A task that was submitted alone again knows nothing of the others.
    return { index: count === 1 ? Number(task) : (Number(task) - Number(first)) / Number(step), count };
  }
  if (index !== undefined && count !== undefined) return { index: Number(index), count: Number(count) };
  return undefined;
}

const isShard = ({ index, count }: Shard): boolean =>
  Number.isInteger(index) && Number.isInteger(count) && index >= 0 && index < count;

/**
 * The shard that the command line names; else that of the job array that this process is a task of: Slurm's, or Kubernetes' indexed job
 * with `JOB_COMPLETION_COUNT` set in its template.
 *
 * @throws UsageError for anything but `i/n` with 0 <= i < n, and in an array that is a list with gaps.
 */
export function parseShard(text: string | undefined, env = process.env): Shard | undefined {
  if (text === undefined) {
    const shard = arrayShard(env);
    if (!shard || isShard(shard)) return shard;
    throw new UsageError(
      `run: expected an array of tasks 0 to n - 1, got task ${shard.index} of ${shard.count}: name the shard, --shard i/n`,
    );
  }
  const [, index = Number.NaN, count = Number.NaN] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (isShard({ index, count })) return { index, count };
  throw new UsageError(`run: expected --shard to be i/n with 0 <= i < n, got "${text}"`);
}

/**
 * The trials of a shard: every n-th. Where a choice needs results of other trials before it goes on (early stopping,
 * fewer choosing seeds), whole arms on a task, so that no shard waits for another.
 */
export function shardOwner(
  { study, groups }: Expansion,
  { index, count }: Shard,
): (spec: TrialSpec) => boolean {
  const dependent = study.choose.stopping.name !== 'none' || study.choose.seeds !== undefined;
  const owner = new Map<string, number>();
  let next = 0;
  for (const { points } of groups) {
    const whole = dependent && points.length > 1;
    for (const { id } of points.flatMap(({ trials }) => trials)) {
      if (!owner.has(id)) owner.set(id, whole ? next % count : next++ % count);
    }
    if (whole) next++;
  }
  return ({ id }) => owner.get(id) === index;
}
