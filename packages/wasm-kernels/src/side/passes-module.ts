import { declareShared, isShared } from '../threads/shared-memory.js';
import { hasHeapAccess, type WasmBackend } from '../wasm-backend.js';
import { decode } from './compile.js';

/** The functions of `assembly/passes`. Addresses are bytes on the heap. */
export interface Passes {
  /** Fills n floats with random numbers. */
  draw(
    ...numbers: [
      ...[out: number, n: number, spare: number, kind: number, tensor: number],
      ...[step: number, index: number, key0: number, key1: number],
    ]
  ): void;
  /** Fills a block with a number. */
  fill(block: number, value: number): void;
  /** Runs the instructions of a formula. */
  pass(
    ...numbers: [
      ...[table: number, inputs: number, streams: number],
      ...[code: number, end: number, spare: number, n: number],
    ]
  ): void;
}

/** The compiled modules, for heaps that threads share and others; undefined while they are compiled. */
const modules = new Map<boolean, WebAssembly.Module | undefined>();
const instances = new WeakMap<object, Passes>();
let loading: Promise<void> = Promise.resolve();

/** Fetches and compiles the module: those who need it never load it earlier, but in Node. */
async function load(shared: boolean): Promise<void> {
  try {
    const binary = decode((await import('../generated/passes.js')).plain);
    modules.set(shared, await WebAssembly.compile((shared && declareShared(binary)) || binary));
  } catch {
    // The numbers are the same without it.
  }
}

/** The module for a heap; undefined until it is there, which asking brings about. */
function moduleOf({ wasm }: WasmBackend): WebAssembly.Module | undefined {
  const shared = isShared(wasm.asm.memory);
  if (!modules.has(shared)) {
    modules.set(shared, undefined);
    loading = load(shared);
  }
  return modules.get(shared);
}

/**
 * Resolves when the module is ready. In Node it is a file at hand, and a training loop that never lets the event loop turn
 * would wait for it for good: registration waits for this there. Elsewhere the first use asks for it.
 */
export function passesReady(backend: object): Promise<void> {
  if (hasHeapAccess(backend)) moduleOf(backend);
  return loading;
}

/** The module at work on a backend; undefined until it has been compiled. */
export function passesOf(backend: object): Passes | undefined {
  const known = instances.get(backend);
  if (known || !hasHeapAccess(backend)) return known;
  const module = moduleOf(backend);
  if (!module) return undefined;
  const abort = (): never => {
    throw new Error('wasm-kernels: expected the module of passes to run, got an abort inside it');
  };
  const { memory } = backend.wasm.asm;
  const made = new WebAssembly.Instance(module, { env: { memory, abort } }).exports as unknown as Passes;
  instances.set(backend, made);
  return made;
}
