import { prepareBackend } from '@tfjs-sam/backends';
import { DataParallelTrainer, type ParallelTrainer, SampaTrainer } from '@tfjs-sam/parallel';
import { sam, sampa } from 'tfjs-sam';
import { models } from '../models/index.js';
import type { AnyModelName } from '../models/names.js';
import { type Rounds, sideBySide } from '../timing.js';
import { base } from '../training.js';
import { startTwin } from './twins.js';

/** The sides of one process: steps on this thread, the same on two threads that share nothing, those of trainers with a worker. */
export type ParallelSide = 'sgd' | 'twice' | 'sam' | 'sampa' | 'global' | 'per-worker';

/** The steps to time. */
export interface ParallelJob extends Rounds {
  readonly model: AnyModelName;
  /** Threads inside of operations. */
  readonly threads: number;
  readonly sides: readonly ParallelSide[];
  /** Steps that follow one another: a worker that nobody asks falls asleep. */
  readonly steps: number;
}

/** Milliseconds of a step, by side, round by round. */
export type ParallelResult = Readonly<Partial<Record<ParallelSide, number[]>>>;

/** Times steps on one thread, and on this one with a worker. */
export async function parallelJob(job: ParallelJob): Promise<ParallelResult> {
  const { model: name, threads, sides, steps, ...rounds } = job;
  await prepareBackend({ backend: 'wasm', threads });
  const { batch, loss, variables } = models[name]();
  const here = (optimizer: ReturnType<typeof base>) => () => void optimizer.minimize(loss, false, variables);
  const module = new URL(`./task.js?${encodeURIComponent(name)}`, import.meta.url);
  const trainers: ParallelTrainer[] = [];
  const by = (trainer: ParallelTrainer) => {
    trainers.push(trainer);
    const { x: xs, y: ys } = batch;
    return () => trainer.step({ xs, ys }).dispose();
  };
  const split = async (sharpness: 'global' | 'per-worker') =>
    by(
      await DataParallelTrainer.create({
        ...{ module, optimizer: sam(base()), threads: 2, sharpness, fallback: false },
      }),
    );
  const makers: Readonly<Record<Exclude<ParallelSide, 'twice'>, () => Promise<() => void> | (() => void)>> = {
    sgd: () => here(base()),
    sam: () => here(sam(base()) as never),
    sampa: async () => by(await SampaTrainer.create({ module, optimizer: sampa(base()), fallback: false })),
    global: () => split('global'),
    'per-worker': () => split('per-worker'),
  };
  const functions: Partial<Record<ParallelSide, () => void>> = {};
  const twin = sides.includes('twice') ? await startTwin(name, steps) : undefined;
  for (const side of sides) {
    const step = await makers[side === 'twice' ? 'sgd' : side]();
    functions[side] = () => {
      if (side === 'twice') twin!.round(step);
      else for (let i = 0; i < steps; i++) step();
    };
  }
  const times = await sideBySide(functions as Record<ParallelSide, () => void>, rounds);
  await twin?.end();
  await Promise.all(trainers.map((trainer) => trainer.dispose()));
  return Object.fromEntries(sides.map((side) => [side, times[side].map((time) => time / steps)]));
}
