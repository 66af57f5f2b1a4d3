import { nodeModule } from './spawn.js';

/** Threads that are used at most where nothing else is asked for: beyond, memory is what the kernels wait for. */
const MOST_BY_DEFAULT = 8;

/** Logical processors of a physical core: 2 with hyper-threading. */
function threadsOfACore(): number {
  try {
    const path = '/sys/devices/system/cpu/cpu0/topology/thread_siblings_list';
    const siblings = nodeModule('node:fs')!.readFileSync(path, 'utf8').trim();
    // "0,4" or "0-1".
    return siblings.split(/[,-]/).length;
  } catch {
    // Not Linux. Processors of this kind mostly have two, others one.
    return nodeModule('node:os')?.arch() === 'x64' ? 2 : 1;
  }
}

/** Physical cores that this process may use; in a browser half of what it says, which counts logical ones. */
function physicalCores(): number {
  const os = nodeModule('node:os');
  if (os) return Math.max(1, Math.floor(os.availableParallelism() / threadsOfACore()));
  const browser: { hardwareConcurrency?: number } | undefined = Reflect.get(globalThis, 'navigator');
  return Math.max(1, Math.floor((browser?.hardwareConcurrency ?? 2) / 2));
}

/** The threads that are used where no option asks for any: `TFJS_SAM_THREADS` in Node, else one for each physical core, at most eight. */
export function defaultThreads(): number {
  const asked = nodeModule('node:process')?.env.TFJS_SAM_THREADS;
  return asked ? Number(asked) : Math.min(physicalCores(), MOST_BY_DEFAULT);
}
