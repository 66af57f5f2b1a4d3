import { UsageError } from '../errors.js';
import type { Expansion } from '../study/expand.js';
import type { TrialSpec } from '../trial/spec.js';

/** Which part of a study a runner does: number `index` of `count`, from 0. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

/**
 * The shard that the command line names; else that of the job array that this process is a task of: Slurm's, or Kubernetes' indexed job
 * with `JOB_COMPLETION_COUNT` set in its template.
 *
 * @throws UsageError for anything but `i/n` with 0 <= i < n.
 */
export function parseShard(text: string | undefined, env = process.env): Shard | undefined {
  const slurm = env.SLURM_ARRAY_TASK_ID !== undefined && env.SLURM_ARRAY_TASK_COUNT !== undefined;
  const indexed = env.JOB_COMPLETION_INDEX !== undefined && env.JOB_COMPLETION_COUNT !== undefined;
  if (text === undefined && slurm) {
    const first = Number(env.SLURM_ARRAY_TASK_MIN ?? 0);
    return { index: Number(env.SLURM_ARRAY_TASK_ID) - first, count: Number(env.SLURM_ARRAY_TASK_COUNT) };
  }
  if (text === undefined && indexed)
    return { index: Number(env.JOB_COMPLETION_INDEX), count: Number(env.JOB_COMPLETION_COUNT) };
  if (text === undefined) return undefined;
  const [, index, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (index !== undefined && count !== undefined && index < count) return { index, count };
  throw new UsageError(`run: expected --shard to be i/n with 0 <= i < n, got "${text}"`);
}

/**
 * Which trials are a shard's: every n-th. Where a choice needs results of other trials before it goes on (early stopping,
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
