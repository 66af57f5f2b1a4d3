import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, type KernelCall, sizeOf } from '../../kernel.js';
import { passesOf } from '../../side/passes-module.js';
import { hasHeapAccess } from '../../wasm-backend.js';

/** Attributes of `SamDraw`. */
interface DrawAttributes {
  readonly distribution: 'gaussian' | 'rademacher' | 'uniform';
  readonly seed: number;
  readonly step: number;
  readonly index: number;
  readonly shapes: readonly (readonly number[])[];
}

/** Bytes of the last numbers of a tensor, which are made in a whole. */
const SPARE = 64;

const kinds = { gaussian: 0, rademacher: 1, uniform: 2 } as const;

/** `SamDraw`: random numbers of a seed, a step and an index, one tensor per shape; none until its module is ready. */
export function draws(call: KernelCall): TensorInfo[] {
  const { distribution, seed, step, index, shapes } = attributes<DrawAttributes>(call);
  const passes = passesOf(call.backend);
  const { backend } = call;
  if (!passes || !hasHeapAccess(backend)) return [];
  const [key0, key1] = [seed | 0, Math.floor(seed / 0x100000000) | 0];
  const spare = backend.wasm._malloc(SPARE) >>> 0;
  try {
    return shapes.map((shape, tensor) => {
      const out = backend.makeOutput([...shape], 'float32');
      const address = backend.dataIdMap.get(out.dataId).memoryOffset;
      passes.draw(address, sizeOf(shape), spare, kinds[distribution], tensor, step, index, key0, key1);
      return out;
    });
  } finally {
    backend.wasm._free(spare);
  }
}
