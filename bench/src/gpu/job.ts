import type * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { msam, sam } from 'tfjs-sam';
import { models } from '../models/index.js';
import type { ModelName } from '../models/names.js';
import { type Rounds, sideBySide } from '../timing.js';
import { base } from '../training.js';

/** The backends that may run on a GPU. */
export const gpuBackends = ['tfjs-node-gpu', 'webgpu'] as const;

/** One of them. */
export type GpuBackend = (typeof gpuBackends)[number];

/** Which backend to time on which model. */
export interface GpuJob extends Rounds {
  readonly backend: GpuBackend;
  readonly model: ModelName;
  /** Whether a software driver will do: minutes for a step of the larger models. */
  readonly software: boolean;
}

/** Milliseconds round by round, and the line that the backend started with; or why there is nothing. */
export type GpuResult =
  | (Record<'gradient' | 'sgd' | 'sam' | 'msam', readonly number[]> & { readonly device: string })
  | { readonly missing: string };

/** Times a gradient and the steps of SGD, SAM and M-SAM, each until its loss can be read: the device queues its work. */
export async function gpuJob({ backend, model: name, software, ...rounds }: GpuJob): Promise<GpuResult> {
  const device = await start(backend);
  if ('missing' in device) return device;
  if (!software && device.message.includes('software')) return { missing: `${device.message} (--slow)` };
  const model = models[name]();
  const { tidy, variableGrads } = await import('@tensorflow/tfjs');
  const stepOf = (optimizer: tf.Optimizer) => () =>
    finished(optimizer.minimize(model.loss, true, model.variables)!);
  const times = await sideBySide(
    {
      gradient: () => finished(tidy(() => variableGrads(model.loss, model.variables).value)),
      sgd: stepOf(base()),
      sam: stepOf(sam(base())),
      msam: stepOf(msam(base())),
    },
    rounds,
  );
  return { ...times, device: device.message };
}

async function start(backend: GpuBackend): Promise<{ message: string } | { missing: string }> {
  let message = '';
  try {
    await prepareBackend({
      backend,
      log: (line) => {
        message = line;
      },
    });
    return { message };
  } catch {
    return { missing: message };
  }
}

async function finished(loss: tf.Scalar): Promise<void> {
  await loss.data();
  loss.dispose();
}
