import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, type KernelCall, sizeOf } from '../../kernel.js';
import { decode } from '../../side/compile.js';
import { declareShared, isShared } from '../../threads/shared-memory.js';
import { hasHeapAccess } from '../../wasm-backend.js';

/** Attributes of `SamDraw`. */
interface DrawAttributes {
  readonly distribution: 'gaussian' | 'rademacher' | 'uniform';
  readonly seed: number;
  readonly step: number;
  readonly index: number;
  readonly shapes: readonly (readonly number[])[];
}

type Fill = (
  ...numbers: [
    ...[out: number, n: number, kind: number, tensor: number],
    ...[step: number, index: number, key0: number, key1: number],
  ]
) => void;

const kinds = { gaussian: 0, rademacher: 1, uniform: 2 } as const;

/** The compiled modules, for heaps that threads share and others; undefined while they are compiled. */
const modules = new Map<boolean, WebAssembly.Module | undefined>();
const fills = new WeakMap<object, Fill>();
let loading: Promise<void> = Promise.resolve();

/** Resolves when the module that was asked for last is ready. */
export const drawsReady = (): Promise<void> => loading;

/** Fetches and compiles the module: those who never draw never load it. */
async function load(shared: boolean): Promise<void> {
  try {
    const binary = decode((await import('../../generated/draws.js')).plain);
    modules.set(shared, await WebAssembly.compile((shared && declareShared(binary)) || binary));
  } catch {
    // The numbers are the same without it.
  }
}

function fillOf(backend: object): Fill | undefined {
  const known = fills.get(backend);
  if (known || !hasHeapAccess(backend)) return known;
  const { memory } = backend.wasm.asm;
  const shared = isShared(memory);
  const module = modules.get(shared);
  if (!module) {
    if (!modules.has(shared)) {
      modules.set(shared, undefined);
      loading = load(shared);
    }
    return undefined;
  }
  const abort = (): never => {
    throw new Error('wasm-kernels: expected the module of draws to run, got an abort inside it');
  };
  const fill = new WebAssembly.Instance(module, { env: { memory, abort } }).exports.draw as Fill;
  fills.set(backend, fill);
  return fill;
}

/** `SamDraw`: random numbers of a seed, a step and an index, one tensor per shape; none until its module is ready. */
export function draws(call: KernelCall): TensorInfo[] {
  const { distribution, seed, step, index, shapes } = attributes<DrawAttributes>(call);
  const fill = fillOf(call.backend);
  const { backend } = call;
  if (!fill || !hasHeapAccess(backend)) return [];
  const [key0, key1] = [seed | 0, Math.floor(seed / 0x100000000) | 0];
  return shapes.map((shape, tensor) => {
    const out = backend.makeOutput([...shape], 'float32');
    const address = backend.dataIdMap.get(out.dataId).memoryOffset;
    fill(address, sizeOf(shape), kinds[distribution], tensor, step, index, key0, key1);
    return out;
  });
}
