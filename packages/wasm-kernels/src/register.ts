import '@tensorflow/tfjs-backend-wasm';
import {
  engine,
  getBackend,
  getKernel,
  type KernelConfig,
  type KernelFunc,
  ready,
  registerKernel,
  setBackend,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import { registerAvgPoolGradients } from './avg-pool.js';
import { fuseBatchNormLayers } from './batch-norm.js';
import { registerBroadcastGradients } from './broadcast-gradients.js';
import { fuseConv2dLayers, registerConv2dGradient } from './conv2d.js';
import { fuseDenseLayers, registerDenseGradient } from './dense.js';
import { chooseEngine, type SideModuleOf } from './engine.js';
import { registerGradients } from './gradients.js';
import { fuseGruCells, registerGruGradient } from './gru.js';
import type { KernelResult, TrainingKernel } from './kernel.js';
import { trainingKernels } from './kernels.js';
import { fuseLayerNormLayers, registerLayerNormGradient } from './layer-norm.js';
import { fuseLstmCells, registerLstmGradient } from './lstm.js';
import { registerNestedGradients } from './nested-gradients.js';
import { fuseOptimizers } from './optimizers.js';
import { registerProductGradients } from './product-gradients.js';
import { registerShapeGradients } from './shape-gradients.js';
import type { SideBuild } from './side/compile.js';
import { registerSoftmaxGradient } from './softmax.js';

/** Options of {@link registerTrainingKernels}. */
export interface RegisterOptions {
  /**
   * Keep to plain SIMD, whose rounding is the same on every machine. The relaxed-SIMD build is faster, and gives the same
   * bits on one machine but maybe not on another. Default `false`.
   */
  readonly deterministic?: boolean;
  /** Which implementation to use. Default: the fastest that this engine runs. */
  readonly implementation?: SideBuild | 'composed';
}

/** How one kernel was registered. */
export interface RegisteredKernel {
  /** Name in TensorFlow.js's kernel registry. */
  readonly name: string;
  /** `side`: on the side module; `composed`: made of kernels that TensorFlow.js has. */
  readonly implementation: 'side' | 'composed';
  /** Whether TensorFlow.js ships a kernel of this name for wasm, which ours replaces. */
  readonly replaces: boolean;
}

/** What {@link registerTrainingKernels} did. */
export interface KernelReport {
  /** `fma` or `plain`: the build of the side module that runs; `composed`: none does. */
  readonly implementation: SideBuild | 'composed';
  /** Why the side module does not run, where it does not. */
  readonly reason?: string;
  /** Every kernel that was registered. */
  readonly kernels: readonly RegisteredKernel[];
}

/** The kernels that TensorFlow.js shipped, from before the first registration. */
const upstreamKernels = new Map<string, KernelConfig | undefined>();

let lastOptions: RegisterOptions | undefined;

/** What the last call of {@link registerTrainingKernels} was given, to register in the same way again; `undefined` before the first. */
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

const implementations = ['fma', 'plain', 'composed'];

function requireOptions(options: RegisterOptions): void {
  if (typeof options !== 'object' || options === null)
    throw new TypeError(`registerTrainingKernels: expected an object of options, got ${String(options)}`);
  const { implementation, deterministic } = options;
  if (implementation !== undefined && !implementations.includes(implementation))
    throw new RangeError(
      `registerTrainingKernels: expected implementation to be one of ${implementations.join(', ')}, got ${String(implementation)}`,
    );
  if (deterministic && implementation === 'fma')
    throw new RangeError(
      'registerTrainingKernels: expected plain SIMD with deterministic: true, got implementation: fma. Leave one of them out',
    );
}

/** The function that TensorFlow.js calls: side module, else composed, else what TensorFlow.js ships. */
function kernelFunction(
  kernel: TrainingKernel,
  upstream: KernelFunc | undefined,
  sideOf: SideModuleOf | undefined,
): KernelFunc {
  return ({ inputs, backend, attrs = {} }) => {
    const call = { inputs, backend, attrs, upstream };
    const module = kernel.side && sideOf?.(backend);
    const result: KernelResult | undefined =
      (module && kernel.side?.(call, module)) ?? kernel.composed?.(call);
    if (result) return result;
    if (!upstream) throw new Error(`${kernel.name}: expected inputs that the wasm backend supports`);
    return upstream({ inputs, backend, attrs });
  };
}

function register(kernel: TrainingKernel, sideOf?: SideModuleOf): void {
  const { name } = kernel;
  const current = getKernel(name, 'wasm');
  if (!upstreamKernels.has(name)) upstreamKernels.set(name, current);
  const upstream = upstreamKernels.get(name);
  if (current) unregisterKernel(name, 'wasm');
  registerKernel({
    ...upstream,
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: kernelFunction(kernel, upstream?.kernelFunc, sideOf),
  });
}

/** Puts back what TensorFlow.js shipped, where an earlier registration replaced it. */
function restore(name: string): void {
  if (!upstreamKernels.has(name)) return;
  const upstream = upstreamKernels.get(name);
  if (getKernel(name, 'wasm')) unregisterKernel(name, 'wasm');
  if (upstream) registerKernel(upstream);
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
  const backend = await wasmBackend();
  const chosen = await chooseEngine(backend, options);
  const { sideOf } = chosen;
  const kernels: RegisteredKernel[] = [];
  for (const kernel of trainingKernels) {
    const implementation = kernel.side && sideOf ? 'side' : 'composed';
    if (implementation === 'composed' && !kernel.composed) {
      restore(kernel.name);
      continue;
    }
    register(kernel, sideOf);
    kernels.push({
      name: kernel.name,
      implementation,
      replaces: upstreamKernels.get(kernel.name) !== undefined,
    });
  }
  registerGradients();
  registerDenseGradient();
  registerConv2dGradient();
  registerLstmGradient();
  registerGruGradient();
  registerSoftmaxGradient();
  registerShapeGradients();
  registerAvgPoolGradients();
  registerBroadcastGradients();
  registerProductGradients();
  registerNestedGradients();
  registerLayerNormGradient();
  fuseDenseLayers();
  fuseConv2dLayers();
  fuseBatchNormLayers();
  fuseLayerNormLayers();
  fuseLstmCells();
  fuseGruCells();
  fuseOptimizers();
  lastOptions = options;
  const { reason } = chosen;
  return { implementation: chosen.implementation, ...(reason ? { reason } : {}), kernels };
}
