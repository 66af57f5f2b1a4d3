import { msam, sam } from 'tfjs-sam';
import { models } from '../models/index.js';
import type { ModelName } from '../models/names.js';
import { scaled, sideBySide } from '../timing.js';
import { base, floorOf, prepareTraining } from '../training.js';

/** Which models live in the process, and how often each step is timed. */
export interface OverheadJob {
  readonly models: readonly ModelName[];
  readonly rounds: Readonly<Partial<Record<ModelName, number>>>;
  /** Milliseconds of steps before any counts: V8 compiles them in stages, and training is long. */
  readonly settle: number;
}

/** Times per model, round by round, in milliseconds. `floor` is a gradient and a step of the base optimizer. */
export type OverheadResult = Readonly<Record<string, Record<'floor' | 'sam' | 'msam', number[]>>>;

/** Times SAM's and M-SAM's steps against their floor, all models alive and all their code warm before the first. */
export async function overheadJob(job: OverheadJob): Promise<OverheadResult> {
  await prepareTraining();
  const { settle } = job;
  const all = job.models.map((name) => ({ name, functions: functionsOf(name) }));
  for (const { functions } of all) await sideBySide(functions, { rounds: 1, warmUp: 3, settle });
  const results: Record<string, Record<'floor' | 'sam' | 'msam', number[]>> = {};
  for (const { name, functions } of all) {
    results[name] = await sideBySide(functions, {
      rounds: job.rounds[name] ?? scaled(100, 1),
      warmUp: 3,
      settle,
    });
  }
  return results;
}

function functionsOf(name: ModelName) {
  const model = models[name]();
  const [samStep, msamStep] = [sam(base()), msam(base())];
  return {
    floor: floorOf(model),
    sam: () => void samStep.minimize(model.loss, false, model.variables),
    msam: () => void msamStep.minimize(model.loss, false, model.variables),
  };
}
