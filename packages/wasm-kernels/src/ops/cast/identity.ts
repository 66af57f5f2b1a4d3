import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import { input, type KernelCall } from '../../kernel.js';

/** A clone shares its data, as on the other backends. TensorFlow.js's own wasm kernel copies every element. */
export function identity(call: KernelCall): TensorInfo {
  const { dataId, shape, dtype } = input(call, 'x');
  // A tensor of another backend is brought here before it is shared.
  const backend = call.backend as KernelBackend & { dataIdMap: { get(dataId: object): unknown } };
  backend.dataIdMap.get(dataId);
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}
