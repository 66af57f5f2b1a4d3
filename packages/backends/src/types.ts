import type { KernelReport } from '@tfjs-sam/wasm-kernels';

/** The backends in the order in which they are tried. */
export const backendNames = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'webgl', 'wasm', 'cpu'] as const;

/** A backend that can be asked for. */
export type BackendName = (typeof backendNames)[number];

/** The outcome of one attempt. */
export interface Attempt {
  /** The backend that was tried. */
  readonly backend: BackendName;
  /** True of the one in use now. */
  readonly taken: boolean;
  /** One line: what was taken, or why not and what to do about it. */
  readonly message: string;
}

/** The backend that training runs on from now on. */
export interface PreparedBackend {
  /** The backend that was taken. */
  readonly backend: BackendName;
  /** Every attempt in order; the last one was taken. */
  readonly attempts: readonly Attempt[];
  /** The training kernels on the wasm backend, when that was taken. */
  readonly kernels?: KernelReport;
}

/** Options of `prepareBackend`. */
export interface PrepareOptions {
  /**
   * The only backend to try. Default: the environment variable `TFJS_SAM_BACKEND`, in Node, else the first in
   * order that works.
   */
  readonly backend?: BackendName | undefined;
  /**
   * On wasm, the same bits on every machine, at some cost in speed: see `registerTrainingKernels`. The other backends
   * promise no such thing: ask for wasm as well. Default `false`.
   */
  readonly deterministic?: boolean;
  /**
   * Threads that work on one call of a wasm kernel, 1 to 64: results have the same bits for any number. They need a heap of their
   * own, so that a wasm backend that already holds tensors stays on one. Default: the environment variable
   * `TFJS_SAM_THREADS`, in Node, else the physical cores, at most 8.
   */
  readonly threads?: number;
  /**
   * Receives the line of each attempt. Default: nowhere, but when what is taken is slow (cpu, wasm without the side
   * module, software WebGPU), all lines go to `console.warn`.
   */
  readonly log?: (message: string) => void;
  /** Folder from which optional packages are looked for, beside this package's own. Default: the working directory. */
  readonly resolveFrom?: string;
}

/** A started backend's account of itself. */
export interface Started {
  /** One line, without the backend's name. */
  readonly message: string;
  /** True where it is much slower than it could be: such a one is never taken silently. */
  readonly slow?: boolean;
  readonly kernels?: KernelReport;
}

/** Starts a backend and makes it active, or throws an Error whose message says why not. */
export type Starter = (options: PrepareOptions, forced: boolean) => Promise<Started>;
