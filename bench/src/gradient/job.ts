import * as tf from '@tensorflow/tfjs';
import { models } from '../models/index.js';
import type { ModelName } from '../models/names.js';
import { type Rounds, sideBySide } from '../timing.js';
import { gradientNorm } from './gradient-norm.js';

/** The sides that are TensorFlow.js: as shipped, with each implementation of our kernels, and its cpu backend. */
export const tfjsSides = ['stock', 'fma', 'plain', 'composed', 'cpu'] as const;

/** One of them. */
export type TfjsSide = (typeof tfjsSides)[number];

/** Which gradient to time, and where. */
export interface GradientJob extends Rounds {
  /** Ignored by jax-js. */
  readonly side: TfjsSide;
  readonly model: ModelName;
}

/** A side's times, with the loss and the gradient's norm at the initial weights; or why it has none. */
export type GradientResult =
  | { readonly times: readonly number[]; readonly loss: number; readonly norm: number }
  | { readonly missing: string };

/** Makes the side's backend active. @returns Why it is not there, if it is not. */
async function prepare(side: TfjsSide): Promise<string | undefined> {
  if (side === 'cpu') {
    await tf.setBackend('cpu');
    return undefined;
  }
  await import('@tensorflow/tfjs-backend-wasm');
  await tf.setBackend('wasm');
  if (side === 'stock') return undefined;
  const { registerTrainingKernels } = await import('@tfjs-sam/wasm-kernels');
  const { implementation, reason } = await registerTrainingKernels({ implementation: side, threads: 1 });
  return implementation === side ? undefined : (reason ?? 'not available');
}

/** Times the gradient of one batch on one side. */
export async function gradientJob({ side, model, ...rounds }: GradientJob): Promise<GradientResult> {
  const missing = await prepare(side);
  if (missing !== undefined) return { missing };
  const { loss, variables } = models[model]();
  try {
    const gradient = () => tf.tidy(() => void tf.variableGrads(loss, variables));
    const times = (await sideBySide({ gradient }, rounds)).gradient;
    return { times, ...gradientNorm(loss, variables) };
  } catch (error) {
    const kernel = /Kernel '(\w+)' not registered/.exec(String(error))?.[1];
    if (kernel === undefined) throw error;
    return { missing: `cannot train it: no kernel ${kernel}` };
  }
}
