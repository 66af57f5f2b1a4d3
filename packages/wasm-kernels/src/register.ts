import '@tensorflow/tfjs-backend-wasm';
import { engine, getBackend, ready, setBackend } from '@tensorflow/tfjs-core';
import { chooseEngine, endThreads } from './engine.js';
import { features } from './features.js';
import { registerOurGradient, restoreGradients } from './gradient-registry.js';
import { type RegisteredKernel, registerKernels, restoreKernels } from './kernel-registry.js';
import { applyPatch, removePatches } from './patches.js';
import type { SideBuild } from './side/compile.js';
import { passesReady } from './side/passes-module.js';
import { defaultThreads } from './threads/cores.js';
import { MOST_THREADS } from './threads/layout.js';
import { shareHeap } from './threads/shared-heap.js';

/** Options of {@link registerTrainingKernels}. */
export interface RegisterOptions {
  /**
   * Keep to plain SIMD, whose rounding is the same on every machine. The relaxed-SIMD build is faster, and gives the same
   * bits on one machine but maybe not on another. Default `false`.
   */
  readonly deterministic?: boolean;
  /** The implementation to use. Default: the fastest that this engine runs. */
  readonly implementation?: SideBuild | 'composed';
  /**
   * Threads that work on one call of a kernel, 1 to 64: results have the same bits for any number. They need a heap that is shared
   * from its start, so that a backend that already holds tensors stays on one, as do a page that is not
   * cross-origin isolated and the composed kernels. Default: the physical cores, at most 8.
   */
  readonly threads?: number;
}

/** The report of {@link registerTrainingKernels}. */
export interface KernelReport {
  /** `fma` or `plain`: the build of the side module that runs; `composed`: none does. */
  readonly implementation: SideBuild | 'composed';
  /** Why the side module does not run, where it does not. */
  readonly reason?: string;
  /** Threads that work on one call of a kernel, at most; they are started when there is work for them. */
  readonly threads: number;
  /** Every kernel that was registered. */
  readonly kernels: readonly RegisteredKernel[];
}

let lastOptions: RegisterOptions | undefined;

/** The options of the last call of {@link registerTrainingKernels}, to register in the same way again; `undefined` before the first. */
export function registeredOptions(): RegisterOptions | undefined {
  return lastOptions;
}

/** Initialises the wasm backend without leaving it active, and returns it. */
async function wasmBackend(): Promise<object> {
  const active = getBackend();
  // Somebody may have begun to start it. A failure shows below: it leaves nothing in the registry.
  if (active === 'wasm') await ready().catch(() => {});
  const { registry } = engine();
  if (!registry.wasm && !(await setBackend('wasm').catch(() => false)))
    throw new Error(
      'wasm-kernels: expected the wasm backend to start, got a failure. Are its .wasm files where it looks for them? See setWasmPaths of @tensorflow/tfjs-backend-wasm',
    );
  const backend: object = engine().findBackend('wasm');
  if (active && active !== 'wasm') await setBackend(active);
  return backend;
}

const isNode = (): boolean => typeof Reflect.get(globalThis, 'process')?.versions?.node === 'string';

const implementations = ['fma', 'plain', 'composed'];

function requireOptions(options: RegisterOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`registerTrainingKernels: expected an object of options, got ${String(options)}`);
  const { implementation, deterministic, threads } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= MOST_THREADS))
    throw new RangeError(
      `registerTrainingKernels: expected threads to be a whole number from 1 to ${MOST_THREADS}, got ${String(threads)}`,
    );
  if (implementation !== undefined && !implementations.includes(implementation))
    throw new RangeError(
      `registerTrainingKernels: expected implementation to be one of ${implementations.join(', ')}, got ${String(implementation)}`,
    );
  if (deterministic && implementation === 'fma')
    throw new RangeError(
      'registerTrainingKernels: expected plain SIMD with deterministic: true, got implementation: fma. Leave one of them out',
    );
}

/**
 * Registers the training kernels on TensorFlow.js's wasm backend: those that it lacks, those that are wrong and those that
 * are slow; and gradients that TensorFlow.js lacks or has wrong, for all backends. Starts the wasm backend if need be, and leaves the active backend as it was (or wasm, if none was). May be
 * called again to change the implementation, and must be where `@tensorflow/tfjs` or its layers are loaded after the first
 * call: they bring their own gradients, and their layers are not fused yet.
 *
 * @returns What was registered and how.
 * @throws Error when the wasm backend does not start; RangeError for an unknown implementation, or a deterministic one that
 * is asked to fuse; TypeError where the options are no object.
 * @example
 * import * as tf from '@tensorflow/tfjs';
 * import { registerTrainingKernels } from '@tfjs-sam/wasm-kernels';
 * await tf.setBackend('wasm');
 * const { implementation } = await registerTrainingKernels();   // 'fma', 'plain' or 'composed'
 */
export async function registerTrainingKernels(options: RegisterOptions = {}): Promise<KernelReport> {
  requireOptions(options);
  const { threads = defaultThreads() } = options;
  // On a cross-origin-isolated page TensorFlow.js would take a build whose heap is out of reach.
  const isolated = Reflect.get(globalThis, 'crossOriginIsolated') === true;
  if ((threads > 1 || isolated) && options.implementation !== 'composed') await shareHeap();
  const backend = await wasmBackend();
  const chosen = await chooseEngine(backend, { ...options, threads });
  const kernels = registerKernels(
    features.flatMap((feature) => feature.kernels ?? []),
    chosen.sideOf,
  );
  registerTrainingGradients();
  if (isNode()) await passesReady(backend);
  lastOptions = options;
  const { reason, implementation } = chosen;
  return { implementation, threads: chosen.threads, ...(reason ? { reason } : {}), kernels };
}

/**
 * Registers the gradients and layers alone, which are for every backend: those that TensorFlow.js lacks or has wrong. For
 * training on another backend than wasm, which need not be there. {@link registerTrainingKernels} does this as well.
 */
export function registerTrainingGradients(): void {
  for (const { gradients = [], layers = [] } of features) {
    for (const gradient of gradients) registerOurGradient(gradient);
    for (const patch of layers) applyPatch(patch);
  }
}

/**
 * Takes back what {@link registerTrainingKernels} or {@link registerTrainingGradients} did: kernels, gradients, layers and optimizers are TensorFlow.js's own
 * again. Does nothing where nothing is registered.
 */
export function unregisterTrainingKernels(): void {
  endThreads();
  removePatches();
  restoreGradients();
  restoreKernels();
  lastOptions = undefined;
}
