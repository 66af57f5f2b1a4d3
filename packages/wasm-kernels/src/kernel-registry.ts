import {
  getKernel,
  type KernelConfig,
  type KernelFunc,
  registerKernel,
  unregisterKernel,
} from '@tensorflow/tfjs-core';
import type { SideModuleOf } from './engine.js';
import type { KernelResult, TrainingKernel } from './kernel.js';

/** The registration of one kernel. */
export interface RegisteredKernel {
  /** Name in TensorFlow.js's kernel registry. */
  readonly name: string;
  /** `side`: on the side module; `composed`: made of kernels that TensorFlow.js has. */
  readonly implementation: 'side' | 'composed';
  /** True where TensorFlow.js ships a kernel of this name for wasm, which ours replaces. */
  readonly replaces: boolean;
}

/** The parts of a kernel: one on the side module, if there is one, and what is tried after it. */
interface Parts {
  readonly side?: TrainingKernel['side'];
  readonly composed: readonly NonNullable<TrainingKernel['composed']>[];
}

/** The kernels that TensorFlow.js shipped, from before the first registration. */
const upstreamKernels = new Map<string, KernelConfig | undefined>();

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

/** Registers kernels for the wasm backend: on the side module, where it runs and they have a part on it, else composed. */
export function registerKernels(
  kernels: readonly TrainingKernel[],
  sideOf: SideModuleOf | undefined,
): RegisteredKernel[] {
  const registered: RegisteredKernel[] = [];
  for (const [name, parts] of byName(kernels)) {
    const implementation = parts.side && sideOf ? 'side' : 'composed';
    if (implementation === 'composed' && parts.composed.length === 0) {
      restore(name);
      continue;
    }
    register(name, parts, sideOf);
    registered.push({ name, implementation, replaces: upstreamKernels.get(name) !== undefined });
  }
  return registered;
}

/** Puts back all kernels that TensorFlow.js shipped. */
export function restoreKernels(): void {
  for (const name of upstreamKernels.keys()) restore(name);
  upstreamKernels.clear();
}
