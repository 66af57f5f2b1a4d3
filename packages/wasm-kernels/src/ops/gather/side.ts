import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';
import { isFourBytes } from '../permute/side.js';

/** Elements from which a block is copied at once rather than one by one. */
const BLOCK = 16;

/** Copies the blocks of `size` elements that `indices` name, for each of `outer` parts of `length` blocks. */
function copyBlocks(
  heap: Int32Array,
  from: number,
  to: number,
  indices: Int32Array,
  { outer, length, size }: { outer: number; length: number; size: number },
): void {
  for (let part = 0; part < outer; part++) {
    const start = from + part * length * size;
    for (let i = 0; i < indices.length; i++) {
      const block = start + indices[i]! * size;
      if (size >= BLOCK) heap.copyWithin(to, block, block + size);
      else for (let k = 0; k < size; k++) heap[to + k] = heap[block + k]!;
      to += size;
    }
  }
}

/** `GatherV2` of elements of four bytes: block after block. TensorFlow.js's own computes the place of every element. */
export function gather(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const [x, indices] = [input(call, 'x'), input(call, 'indices')];
  const attrs = attributes<{ axis: number; batchDims: number }>(call);
  const empty = sizeOf(x.shape) * sizeOf(indices.shape) === 0;
  if (!isFourBytes(x) || indices.dtype !== 'int32' || attrs.batchDims !== 0 || empty) return undefined;
  const axis = util.parseAxisParam(attrs.axis, x.shape)[0]!;
  const { outputShape } = backend_util.segment_util.collectGatherOpShapeInfo(
    x as never,
    indices as never,
    axis,
    0,
  );
  const length = x.shape[axis]!;
  const size = sizeOf(x.shape.slice(axis + 1));
  const out = side.output(outputShape, x.dtype);
  // Bits move as whole numbers: a float of them may be changed on its way.
  const [from, to, at] = [x, out, indices].map((tensor) => side.address(tensor) / 4) as [
    number,
    number,
    number,
  ];
  const heap = new Int32Array(side.backend.wasm.HEAPF32.buffer);
  const wanted = heap.subarray(at, at + sizeOf(indices.shape));
  for (const index of wanted)
    if (index < 0 || index >= length) {
      side.backend.disposeData(out.dataId);
      throw new RangeError(`GatherV2: the index value ${index} is not in [0, ${length - 1}]`);
    }
  copyBlocks(heap, from, to, wanted, { outer: sizeOf(x.shape.slice(0, axis)), length, size });
  return out;
}
