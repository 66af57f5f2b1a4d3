import type { SideExports } from '../generated/exports.js';
import { parameters } from '../generated/parameters.js';
import type { WasmBackend } from '../wasm-backend.js';
import { Choice } from './choice.js';
import { limits } from './limits.js';
import { phased } from './phases.js';
import { type Arguments, type Split, type Splitting, splittings } from './splits.js';
import type { SplitCall, Splittable, ThreadPool } from './thread-pool.js';

type Call = (...args: number[]) => void;

/** The arguments of a kind that a split names, by their index. */
function indexed(
  names: readonly string[],
  given: Readonly<Record<string, number | undefined>> = {},
): [number, number][] {
  return Object.entries(given).map(([name, value]) => [names.indexOf(name), value!]);
}

/** Units of a part. */
function grainOf(units: number, work: number, threads: number, multiple: number, perThread: number): number {
  const most = Math.min(perThread * threads, Math.max(threads, Math.floor(work / limits.part)));
  return Math.ceil(Math.ceil(units / most) / multiple) * multiple;
}

/** A function of the side module that runs on all threads where that pays. */
function splitFunction<F extends Splittable>(
  name: F,
  { work, split }: Splitting<F>,
  original: Call,
  pool: ThreadPool,
): Call {
  const names: readonly string[] = parameters[name];
  const values: Record<string, number> = Object.fromEntries(names.map((each) => [each, 0]));
  const given = values as Arguments<F>;
  const choice = new Choice();
  /** The split of a call now; undefined where it has none. */
  const partsOf = (time: number): SplitCall | undefined => {
    const how: Split<F> | undefined = split(given);
    if (!how) return undefined;
    const { count, moves, own, multiple = 1, perThread = 4 } = how;
    const units = values[count as string]!;
    const grain = grainOf(units, time, pool.ready + 1, multiple, perThread);
    if (grain >= units) return undefined;
    const countAt = names.indexOf(count as string);
    return { name, countAt, units, grain, moves: indexed(names, moves), own: indexed(names, own) };
  };
  return (...args) => {
    for (let i = 0; i < names.length; i++) values[names[i]!] = Number(args[i]);
    const time = work(given);
    if (time < limits.least || !pool.helps(time)) return original(...args);
    const shared = limits.always || choice.shares(time);
    const begun = performance.now();
    const call = shared ? partsOf(time) : undefined;
    if (call) pool.run(call, args.map(Number));
    else original(...args);
    choice.learn(time, shared, performance.now() - begun);
  };
}

/** The functions of the side module, those worth it on all threads of a pool. Their results have the same bits. */
export function onThreads(exports: SideExports, pool: ThreadPool, backend: WasmBackend): SideExports {
  const split = Object.entries(splittings).map(([name, splitting]) => {
    const original = exports[name as Splittable] as unknown as Call;
    return [name, splitFunction(name as Splittable, splitting as Splitting<Splittable>, original, pool)];
  });
  const run = { ...exports, ...Object.fromEntries(split) } as SideExports;
  return { ...run, ...phased(run, exports, backend) };
}
