import { clone, engine, type KernelBackend, Tensor, type TensorInfo, tidy } from '@tensorflow/tfjs-core';
import { input, type KernelCall } from './kernel.js';

/** A tensor that shares an info's data, owned by the current tidy. */
function shared(info: TensorInfo, backend: KernelBackend): Tensor {
  // The tensor gives up a reference when it is disposed; the info's own must stay.
  backend.incRef(info.dataId);
  return engine().makeTensorFromTensorInfo(info, backend);
}

/** A tensor of a kernel's intermediate result, which it takes over: freed with the current tidy. */
export function owned(info: TensorInfo, backend: object): Tensor {
  if (!(info instanceof Tensor)) return engine().makeTensorFromTensorInfo(info, backend as KernelBackend);
  // It belongs to the tidy around the kernel, if there is one.
  const inside = clone(info);
  info.dispose();
  return inside;
}

/**
 * Computes a kernel's result with TensorFlow.js operations on its inputs. Kernels may be called with plain tensor infos,
 * operations need tensors: these share the data, and nothing but the result outlives the call.
 */
export function compose<Names extends string>(
  call: KernelCall,
  names: readonly Names[],
  f: (tensors: Record<Names, Tensor>) => Tensor,
): TensorInfo {
  const backend = call.backend as KernelBackend;
  return tidy(() => {
    const entries = names.map((name) => [name, shared(input(call, name), backend)] as const);
    return f(Object.fromEntries(entries) as Record<Names, Tensor>);
  });
}
