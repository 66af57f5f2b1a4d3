import {
  engine,
  env,
  findBackendFactory,
  getBackend,
  type KernelBackend,
  registerBackend,
  removeBackend,
  setBackend,
} from '@tensorflow/tfjs-core';
import { hasHeapAccess } from '../wasm-backend.js';
import { canShareMemory, isShared, withSharedMemory } from './shared-memory.js';

type Factory = () => KernelBackend | Promise<KernelBackend>;

/** The factories that make backends with a shared heap. */
const ours = new WeakSet<Factory>();

/** True where a backend could be made again without anybody noticing. */
const isUnused = (backend: KernelBackend): boolean => backend.numDataIds() === 0;

/**
 * Makes TensorFlow.js start its wasm backend with a heap that threads can share, from now on. One that runs already is started
 * again, unless it holds tensors: then it stays as it is.
 */
export async function shareHeap(): Promise<void> {
  const factory: Factory | null = findBackendFactory('wasm');
  if (!factory || ours.has(factory) || !canShareMemory()) return;
  const running: KernelBackend | undefined = engine().registry.wasm;
  if (running && hasHeapAccess(running) && isShared(running.wasm.asm.memory)) return;
  if (running && !isUnused(running)) return;
  const active = getBackend();
  const { priority } = engine().registryFactory.wasm!;
  const sharing: Factory = () =>
    withSharedMemory(() => {
      // TensorFlow.js's build with threads of its own has its memory elsewhere; Node never takes it.
      if (!env().getBool('IS_NODE')) env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
      return factory();
    });
  ours.add(sharing);
  removeBackend('wasm');
  registerBackend('wasm', sharing, priority);
  if (active === 'wasm') await setBackend('wasm');
}
