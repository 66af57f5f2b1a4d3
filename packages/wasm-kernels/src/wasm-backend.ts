import type { DataType, KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';

/** A tensor on the heap of TensorFlow.js's wasm module. */
interface HeapEntry {
  /** Address of the first element, in bytes. */
  readonly memoryOffset: number;
}

/** Members of TensorFlow.js's wasm backend that the kernels use; the last three are internals of its 4.22 release. */
export interface WasmBackend extends KernelBackend {
  makeOutput(shape: number[], dtype: DataType): TensorInfo;
  readonly dataIdMap: { get(dataId: object): HeapEntry };
  readonly wasm: {
    _malloc(bytes: number): number;
    _free(address: number): void;
    /** Replaced by a new view whenever the memory grows: read it afresh after every allocation. */
    readonly HEAPF32: Float32Array;
    readonly asm: { readonly memory: WebAssembly.Memory };
  };
}

const isFunction = (value: unknown): boolean => typeof value === 'function';

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** True where a backend has the internals that the side module works on: its memory, allocator and table of tensors. */
export function hasHeapAccess(backend: unknown): backend is WasmBackend {
  const wasm = field(backend, 'wasm');
  return (
    isFunction(field(backend, 'makeOutput')) &&
    isFunction(field(field(backend, 'dataIdMap'), 'get')) &&
    isFunction(field(wasm, '_malloc')) &&
    isFunction(field(wasm, '_free')) &&
    field(wasm, 'HEAPF32') instanceof Float32Array &&
    field(field(wasm, 'asm'), 'memory') instanceof WebAssembly.Memory
  );
}
