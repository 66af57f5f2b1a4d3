import { availableBuilds, compileBuild, type SideBuild } from './side/compile.js';
import { SideModule } from './side/side-module.js';
import { isShared } from './threads/shared-memory.js';
import { hasHeapAccess } from './wasm-backend.js';

/** The side module at work on a backend, or undefined where the backend's heap is not accessible. */
export type SideModuleOf = (backend: object) => SideModule | undefined;

/** The implementation that runs the kernels. */
export interface Engine {
  readonly implementation: SideBuild | 'composed';
  readonly sideOf?: SideModuleOf;
  /** Threads that work on a call, at most. */
  readonly threads: number;
  /** Why the side module does not run, where it does not. */
  readonly reason?: string;
}

/** The options that decide. */
export interface EngineOptions {
  readonly deterministic?: boolean;
  readonly implementation?: SideBuild | 'composed';
  /** Default 1. */
  readonly threads?: number;
}

/** One side module for each build and backend: a backend may be removed and made again. */
const modules = new Map<SideBuild, WeakMap<object, SideModule>>();
/** Compiled once, whoever asks; for shared heaps and others. */
const compiled = new Map<string, WebAssembly.Module>();
/** The side module that has threads. */
let threaded: SideModule | undefined;

/** Ends the threads: of the kernels that were registered before, or of a heap that is gone. */
export function endThreads(): void {
  threaded?.end();
  threaded = undefined;
}

/** Threads that are at work, the one that asks among them; 1 until the others have been started. */
export const runningThreads = (): number => 1 + (threaded?.pool?.ready ?? 0);

async function compile(build: SideBuild, shared: boolean): Promise<WebAssembly.Module> {
  const key = `${build}, ${shared}`;
  const module = compiled.get(key) ?? (await compileBuild(build, shared));
  compiled.set(key, module);
  return module;
}

/** Side modules on one thread, kept for the next time that they are asked for. */
function singleModules(build: SideBuild, module: WebAssembly.Module): SideModuleOf {
  const known = modules.get(build) ?? new WeakMap<object, SideModule>();
  modules.set(build, known);
  return (backend) => {
    const found = known.get(backend);
    if (found || !hasHeapAccess(backend)) return found;
    const made = new SideModule(module, backend);
    known.set(backend, made);
    return made;
  };
}

/** Side modules on several threads: one at a time, on the heap that was used last. */
function threadedModules(module: WebAssembly.Module, threads: number): SideModuleOf {
  return (backend) => {
    if (threaded?.backend === backend || !hasHeapAccess(backend)) return threaded;
    endThreads();
    threaded = new SideModule(module, backend, threads);
    return threaded;
  };
}

/** Compiles a build and tries it on the backend. */
async function start(build: SideBuild, backend: object, wanted: number): Promise<Engine> {
  const shared = hasHeapAccess(backend) && isShared(backend.wasm.asm.memory);
  const module = await compile(build, shared);
  const threads = shared ? wanted : 1;
  const sideOf = threads > 1 ? threadedModules(module, threads) : singleModules(build, module);
  sideOf(backend);
  return { implementation: build, sideOf, threads };
}

/** Picks the first build that this engine compiles and that runs on the backend's memory. */
export async function chooseEngine(backend: object, options: EngineOptions): Promise<Engine> {
  const { implementation, deterministic = false, threads = 1 } = options;
  endThreads();
  if (implementation === 'composed') return { implementation, threads: 1, reason: 'asked for' };
  if (!hasHeapAccess(backend))
    return {
      implementation: 'composed',
      threads: 1,
      reason: "TensorFlow.js's wasm heap was not found where 4.22 has it",
    };
  const builds = availableBuilds(deterministic);
  const wanted = implementation ? builds.filter((build) => build === implementation) : builds;
  let reason = `this engine does not run the side module's ${implementation ?? 'SIMD'} build`;
  for (const build of wanted) {
    try {
      return await start(build, backend, threads);
    } catch (error) {
      reason = `the side module did not start: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  return { implementation: 'composed', threads: 1, reason };
}
