import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type VolumeAttributes, type VolumeInfo, volumeGeometry } from '../../geometry.js';
import { type HeapBackend, heapViews } from '../../heap.js';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';

/** Indices, inside one axis of the input, of the taps of an output position. */
function reach(origin: number, taps: number, length: number): number[] {
  return Array.from({ length: taps }, (_, tap) => origin + tap).filter((i) => i >= 0 && i < length);
}

/** Offsets of a window's pixels in a volume of channels, in order. */
function* windows(info: VolumeInfo): Generator<number[]> {
  const { inDepth, inHeight, inWidth, inChannels, padInfo } = info;
  for (let n = 0; n < info.batchSize; n++)
    for (let d = 0; d < info.outDepth; d++)
      for (let h = 0; h < info.outHeight; h++)
        for (let w = 0; w < info.outWidth; w++) {
          const depths = reach(d * info.strideDepth - padInfo.front, info.filterDepth, inDepth);
          const rows = reach(h * info.strideHeight - padInfo.top, info.filterHeight, inHeight);
          const columns = reach(w * info.strideWidth - padInfo.left, info.filterWidth, inWidth);
          const offset = (z: number, y: number, x: number) =>
            (((n * inDepth + z) * inHeight + y) * inWidth + x) * inChannels;
          yield depths.flatMap((z) => rows.flatMap((y) => columns.map((x) => offset(z, y, x))));
        }
}

/**
 * ∂/∂x of maxPool3d: the last maximum of each window takes the gradient, as on cpu (where 2-D pooling takes the first).
 * TensorFlow.js's own kernel is wrong where a window has no positive value. In JavaScript on the heap: volumes are rare and small.
 */
export function maxPool3dGradient(call: KernelCall): TensorInfo {
  const [dy, x] = [input(call, 'dy'), input(call, 'input')];
  const backend = call.backend as HeapBackend;
  const info = volumeGeometry(x.shape, attributes<VolumeAttributes>(call));
  const out = backend.makeOutput(x.shape, 'float32');
  const [values, from, to] = heapViews(backend, x, dy, out);
  to.fill(0);
  if (sizeOf(dy.shape) === 0) return out;
  let position = 0;
  for (const window of windows(info)) {
    for (let c = 0; c < info.inChannels; c++) {
      let [max, winner] = [-Infinity, -1];
      for (const offset of window) {
        const value = values[offset + c]!;
        if (value >= max) [max, winner] = [value, offset + c];
      }
      if (winner >= 0) to[winner]! += from[position]!;
      position++;
    }
  }
  return out;
}
