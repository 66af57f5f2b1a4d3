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
import { readComplexNumbers } from './ops/complex/heap.js';
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

/** The parts of a kernel: one on the side module, if there is one, and what is tried after it. */
interface Parts {
  readonly side?: TrainingKernel['side'];
  readonly composed: readonly NonNullable<TrainingKernel['composed']>[];
}

/** The kernels by name, in order. */
function byName(kernels: readonly TrainingKernel[]): Map<string, Parts> {
  const all = new Map<string, Parts>();
  for (const { name, side, composed } of kernels) {
    const known = all.get(name);
    if (side && known?.side) throw new Error(`wasm-kernels: expected one side kernel ${name}, got two`);
    const ownSide = side ?? known?.side;
    const parts = [...(known?.composed ?? []), ...(composed ? [composed] : [])];
    all.set(name, { composed: parts, ...(ownSide && { side: ownSide }) });
  }
  return all;
}

/** The function that TensorFlow.js calls: side module, else composed, else what TensorFlow.js ships. */
function kernelFunction(
  name: string,
  { side, composed }: Parts,
  upstream: KernelFunc | undefined,
  sideOf: SideModuleOf | undefined,
): KernelFunc {
  return ({ inputs, backend, attrs = {} }) => {
    const call = { inputs, backend, attrs, upstream };
    const module = side && sideOf?.(backend);
    let result: KernelResult | undefined = module && side?.(call, module);
    for (let i = 0; !result && i < composed.length; i++) result = composed[i]!(call);
    if (result) return result;
    if (!upstream) throw new Error(`${name}: expected inputs that the wasm backend supports`);
    return upstream({ inputs, backend, attrs });
  };
}

function register(name: string, parts: Parts, sideOf?: SideModuleOf): void {
  const current = getKernel(name, 'wasm');
  if (!upstreamKernels.has(name)) upstreamKernels.set(name, current);
  const upstream = upstreamKernels.get(name);
  if (current) unregisterKernel(name, 'wasm');
  registerKernel({
    ...upstream,
    kernelName: name,
    backendName: 'wasm',
    kernelFunc: kernelFunction(name, parts, upstream?.kernelFunc, sideOf),
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
  for (const [name, parts] of byName(trainingKernels)) {
    const implementation = parts.side && sideOf ? 'side' : 'composed';
    if (implementation === 'composed' && parts.composed.length === 0) {
      restore(name);
      continue;
    }
    register(name, parts, sideOf);
    kernels.push({ name, implementation, replaces: upstreamKernels.get(name) !== undefined });
  }
  readComplexNumbers(backend);
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
