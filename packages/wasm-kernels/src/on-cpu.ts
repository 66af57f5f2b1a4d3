import {
  engine,
  getKernel,
  type KernelBackend,
  type NamedTensorInfoMap,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { HeapBackend } from './heap.js';
import type { KernelCall, KernelResult, TrainingKernel } from './kernel.js';

/** The members that are used of TensorFlow.js's cpu backend. */
interface CpuBackend extends KernelBackend {
  makeTensorInfo(shape: number[], dtype: TensorInfo['dtype'], values: unknown): TensorInfo;
  firstUse: boolean;
}

function cpuBackend(name: string): CpuBackend {
  const cpu = engine().findBackend('cpu') as CpuBackend | null;
  if (!cpu || !getKernel(name, 'cpu'))
    throw new Error(
      `${name}: expected TensorFlow.js's cpu backend, which the wasm backend has this from, got none. ` +
        "Import '@tensorflow/tfjs-backend-cpu' or '@tensorflow/tfjs'",
    );
  // Its first use recommends tfjs-node on the console.
  cpu.firstUse = false;
  return cpu;
}

/** Runs cpu's kernel of this name on copies of a call's inputs. For what is rare and small: strings, ragged tensors. */
function runOnCpu(name: string, { inputs, attrs, backend }: KernelCall): KernelResult {
  const cpu = cpuBackend(name);
  const wasm = backend as KernelBackend & HeapBackend;
  const made: TensorInfo[] = [];
  const copy = ({ shape, dtype, dataId }: TensorInfo): TensorInfo => {
    made.push(cpu.makeTensorInfo(shape, dtype, wasm.readSync(dataId)));
    return made.at(-1)!;
  };
  // Some kernels of ragged tensors take lists of tensors.
  const copies: Record<string, TensorInfo | TensorInfo[]> = {};
  for (const [key, given] of Object.entries(inputs) as [string, TensorInfo | TensorInfo[] | undefined][])
    if (given) copies[key] = Array.isArray(given) ? given.map(copy) : copy(given);
  const dispose = (infos: readonly TensorInfo[]) => {
    for (const { dataId } of infos) cpu.disposeData(dataId);
  };
  try {
    const outputs = getKernel(name, 'cpu').kernelFunc({
      inputs: copies as NamedTensorInfoMap,
      attrs,
      backend: cpu,
    });
    const brought = [outputs].flat().map((info) => {
      const { shape, dtype, dataId } = info;
      return { shape, dtype, dataId: wasm.write(cpu.readSync(dataId), shape, dtype) };
    });
    dispose([outputs].flat());
    return Array.isArray(outputs) ? brought : brought[0]!;
  } finally {
    dispose(made);
  }
}

/** A kernel that wasm has from cpu: always, or where `applies`. */
export const fromCpu = (
  name: string,
  applies: (call: KernelCall) => boolean = () => true,
): TrainingKernel => ({ name, composed: (call) => (applies(call) ? runOnCpu(name, call) : undefined) });
