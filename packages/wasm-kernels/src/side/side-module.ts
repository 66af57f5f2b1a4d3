import type { DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { SideExports } from '../generated/exports.js';
import { ThreadPool } from '../threads/thread-pool.js';
import { onThreads } from '../threads/threaded.js';
import type { WasmBackend } from '../wasm-backend.js';

/** A matrix on the heap: address and strides in bytes. */
export interface Matrix {
  readonly address: number;
  readonly rowStride: number;
  readonly columnStride: number;
}

/** A matrix whose rows of `columns` floats follow one another. */
export const rowMajor = (address: number, columns: number): Matrix => ({
  address,
  rowStride: columns * 4,
  columnStride: 4,
});

/** The transpose of a matrix, in place. */
export const transposed = ({ address, rowStride, columnStride }: Matrix): Matrix => ({
  address,
  rowStride: columnStride,
  columnStride: rowStride,
});

/** The side module at work on one backend: its functions, and addresses and memory on the heap that both share. */
export class SideModule {
  readonly run: SideExports;
  /** The other threads, where there are any. */
  readonly pool: ThreadPool | undefined;
  private scratchAddress = 0;

  /**
   * @param module - The compiled side module. @param backend - The backend whose memory it imports. @param threads - Threads
   * that work; more than one where the memory is shared.
   */
  constructor(
    module: WebAssembly.Module,
    readonly backend: WasmBackend,
    threads = 1,
  ) {
    const abort = (): never => {
      throw new Error('wasm-kernels: expected the side module to run, got an abort inside it');
    };
    const { exports } = new WebAssembly.Instance(module, {
      env: { memory: backend.wasm.asm.memory, abort },
    });
    // The build writes binary and `SideExports` from the same sources; WebAssembly itself knows no such type.
    const alone = exports as unknown as SideExports;
    this.pool = threads > 1 ? new ThreadPool(threads - 1, module, alone, backend) : undefined;
    this.run = this.pool ? onThreads(alone, this.pool, backend) : alone;
  }

  /** Ends its threads and gives its memory back. */
  end(): void {
    this.pool?.end();
    // A backend that was removed has let go of its heap.
    if (this.backend.wasm && this.scratchAddress !== 0) this.backend.wasm._free(this.scratchAddress);
    this.scratchAddress = 0;
  }

  /** Address of a tensor's first element. */
  address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** A new tensor whose elements are whatever the heap held. */
  output(shape: readonly number[], dtype: DataType = 'float32'): TensorInfo {
    return this.backend.makeOutput([...shape], dtype);
  }

  /** A new float32 tensor of zeros. */
  zeros(shape: readonly number[]): TensorInfo {
    const out = this.output(shape);
    const start = this.address(out) / 4;
    const size = shape.reduce((product, length) => product * length, 1);
    this.backend.wasm.HEAPF32.fill(0, start, start + size);
    return out;
  }

  /** Copies bytes of floats from one address to another. */
  copy(to: number, from: number, bytes: number): void {
    this.backend.wasm.HEAPF32.copyWithin(to / 4, from / 4, (from + bytes) / 4);
  }

  /** Scratch memory of a single call, as much as the matrix products need; allocated once. */
  scratch(): number {
    if (this.scratchAddress === 0) this.scratchAddress = this.allocate(this.run.scratchBytes());
    return this.scratchAddress;
  }

  /** out[m, n] = a[m, k]·b[k, n], or with `add` that much more; k ≥ 1. `outStride`: bytes between the rows of out. */
  multiply(
    m: number,
    n: number,
    k: number,
    a: Matrix,
    b: Matrix,
    out: number,
    add = false,
    outStride = n * 4,
  ): void {
    const scratch = this.scratch();
    this.run.gemm(
      ...([m, n, k, a.address, a.rowStride, a.columnStride] as const),
      ...([b.address, b.rowStride, b.columnStride, out, outStride, add, scratch] as const),
    );
  }

  /** Calls `use` with the address of `bytes` of heap that are freed afterwards. */
  withMemory<T>(bytes: number, use: (address: number) => T): T {
    const address = this.allocate(bytes);
    try {
      return use(address);
    } finally {
      this.backend.wasm._free(address);
    }
  }

  private allocate(bytes: number): number {
    // The allocator answers as a signed integer: above 2 GB it would be negative.
    const address = this.backend.wasm._malloc(bytes) >>> 0;
    if (address === 0) throw new Error(`wasm-kernels: expected ${bytes} bytes of heap, got none: it is full`);
    return address;
  }
}
