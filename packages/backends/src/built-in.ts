import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { findBackendFactory, ready, setBackend, version_core } from '@tensorflow/tfjs-core';
import { registerTrainingGradients, registerTrainingKernels } from '@tfjs-sam/wasm-kernels';
import { askedThreads } from './forced-backend.js';
import { isNode, reason } from './runtime.js';
import type { Starter } from './types.js';

/** Factors by which something is slower, from the model that suffers least to the one that suffers most. */
export interface Factor {
  readonly least: number;
  readonly most: number;
}

/** The cpu backend against our kernels, on the models of the gradient benchmark: small dense ones, convolutional ones. */
export const CPU_FACTOR: Factor = { least: 20, most: 1_000 };

/** The same of the composed kernels against the side module's. */
export const COMPOSED_FACTOR: Factor = { least: 1.5, most: 8 };

const shown = ({ least, most }: Factor): string => `${least} to ${most.toLocaleString('en')} times slower`;

/** Remedies where one of the backends that need no installation does not start. */
const REMEDIES = {
  wasm:
    'Run Node without --jitless; restore the .wasm files with npm install ' +
    `@tensorflow/tfjs-backend-wasm@${version_core} and npm dedupe; in a browser, say where they are with setWasmPaths`,
  cpu: `Make all @tensorflow packages one version: npm install @tensorflow/tfjs-backend-cpu@${version_core} and npm dedupe`,
  webgl: 'Use a browser with WebGL 2 or 1 and a GPU that it does not block, or wasm',
} as const;

async function activate(name: keyof typeof REMEDIES): Promise<void> {
  // Rejects where the backend was registered with another copy of TensorFlow.js.
  const [started, why] = await setBackend(name).then(
    (done) => [done, ''],
    (error: unknown) => [false, `: ${reason(error)}`],
  );
  if (!started)
    throw new Error(`TensorFlow.js could not start its ${name} backend here${why}. ${REMEDIES[name]}`);
}

/** Starts TensorFlow.js's wasm backend and registers the training kernels on it. */
export const startWasm: Starter = async (options) => {
  const { deterministic = false } = options;
  const threads = askedThreads(options);
  // The kernels start it, with a heap that threads share. Where it does not start, we know what helps.
  const kernels = await registerTrainingKernels({
    deterministic,
    ...(threads !== undefined && { threads }),
  }).catch(async (error: unknown) => {
    await activate('wasm');
    throw error;
  });
  await activate('wasm');
  await ready();
  const { implementation, reason: why } = kernels;
  const how =
    implementation === 'composed'
      ? `composed ones, ${shown(COMPOSED_FACTOR)} (${why})`
      : `${implementation} build, ${kernels.threads === 1 ? '1 thread' : `up to ${kernels.threads} threads`}`;
  const message = `WebAssembly SIMD with ${kernels.kernels.length} training kernels, ${how}`;
  return { message, kernels, slow: implementation === 'composed' };
};

/** Faults that stay on cpu with our gradients: those of forward passes. */
const WRONG_ON_CPU =
  'matMul of stacks broadcast along an inner axis, tensorScatterUpdate and the gradient of maxPool3d with windows that are no cubes';

/** Starts the backend in plain JavaScript, which works everywhere, with the gradients that it lacks or has wrong. */
export const startCpu: Starter = async () => {
  await activate('cpu');
  registerTrainingGradients();
  return {
    message:
      `plain JavaScript, ${shown(CPU_FACTOR)} in training than wasm: fit for tests only; ` +
      `gradients repaired, but for ${WRONG_ON_CPU}`,
    slow: true,
  };
};

/** Starts TensorFlow.js's webgl backend, in a browser whose page has loaded it, where it is asked for. */
export const startWebgl: Starter = async (_options, forced) => {
  if (isNode) throw new Error('works in a browser only');
  if (!findBackendFactory('webgl'))
    throw new Error("not loaded. To have it: import '@tensorflow/tfjs-backend-webgl', or '@tensorflow/tfjs'");
  if (!forced)
    throw new Error(
      "has none of our kernels: only where it is asked for, with prepareBackend('webgl'). Compare it with wasm by doctor()",
    );
  await activate('webgl');
  registerTrainingGradients();
  return { message: 'WebGL, gradients repaired' };
};
