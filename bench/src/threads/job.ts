import { prepareBackend } from '@tfjs-sam/backends';
import { models } from '../models/index.js';
import type { ModelName } from '../models/names.js';
import { type Rounds, sideBySide } from '../timing.js';
import { gradient } from '../training.js';

/** Which gradient to time, on how many threads. */
export interface ThreadsJob extends Rounds {
  readonly model: ModelName;
  readonly threads: number;
}

/** Times of a gradient in milliseconds. */
export type ThreadsResult = readonly number[];

/** Times the gradient of one batch on so many threads. */
export async function threadsJob({ model, threads, ...rounds }: ThreadsJob): Promise<ThreadsResult> {
  const { kernels } = await prepareBackend({ backend: 'wasm', threads });
  if (kernels?.threads !== threads)
    throw new Error(`threads: expected ${threads} threads, got ${kernels?.threads ?? 'no kernels'}`);
  const problem = models[model]();
  return (await sideBySide({ gradient: () => gradient(problem) }, rounds)).gradient;
}
