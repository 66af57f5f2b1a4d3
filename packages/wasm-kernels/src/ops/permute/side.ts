import { slice_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';
import { identity } from '../cast/identity.js';

/** An axis of an output: its length and its strides, in bytes, in the input and the output. */
interface Axis {
  readonly length: number;
  readonly from: number;
  readonly to: number;
}

/** True of elements of the four bytes that the side module moves. */
export const isFourBytes = ({ dtype }: TensorInfo): boolean => dtype === 'float32' || dtype === 'int32';

/** Bytes from one element of each axis to the next. */
function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, bytes = 4; axis >= 0; axis--) {
    strides[axis] = bytes;
    bytes *= shape[axis]!;
  }
  return strides;
}

/** The axes of an output that is read at `strides`: those of length 1 are left out, those that stay neighbours are one. */
function readingAxes(shape: readonly number[], strides: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  for (let axis = shape.length - 1, to = 4; axis >= 0; axis--) {
    const [length, from] = [shape[axis]!, strides[axis]!];
    if (length === 1) continue;
    const inner = axes[0];
    if (inner && from === inner.from * inner.length) axes[0] = { ...inner, length: inner.length * length };
    else axes.unshift({ length, from, to });
    to *= length;
  }
  return axes;
}

/** out = the elements that `axes` read from address `from` on. */
function gather(side: SideModule, from: number, axes: Axis[], out: TensorInfo): void {
  const single = { length: 1, from: 4, to: 4 };
  if (axes.every((axis) => axis.from !== 4)) axes.push(single);
  const columns = axes.pop()!;
  // The plane's other axis: the innermost that is left, or the one along which the input is contiguous.
  const index = columns.from === 4 ? axes.length - 1 : axes.findIndex((axis) => axis.from === 4);
  const [rows = single] = axes.splice(index, 1);
  if (axes.length === 0) axes.push(single);
  const table = side.scratch();
  const cells = new Uint32Array(side.backend.wasm.HEAPF32.buffer, table, 3 * axes.length);
  for (const [i, axis] of axes.entries()) cells.set([axis.length, axis.from, axis.to], 3 * i);
  side.run.permute(
    ...([table, axes.length, from, rows.from, columns.from] as const),
    ...([side.address(out), rows.to, rows.length, columns.length] as const),
  );
}

/** `Transpose` of elements of four bytes. */
export function transpose(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const { perm } = attributes<{ perm: number[] }>(call);
  const x = input(call, 'x');
  if (!isFourBytes(x)) return undefined;
  const shape = perm.map((axis) => x.shape[axis]!);
  const strides = stridesOf(x.shape);
  const axes = readingAxes(
    shape,
    perm.map((axis) => strides[axis]!),
  );
  if (axes.length < 2) return { ...identity(call), shape };
  const out = side.output(shape, x.dtype);
  if (sizeOf(shape) > 0) gather(side, side.address(x), axes, out);
  return out;
}

/** `Slice` of elements of four bytes. TensorFlow.js's own copies the whole input first. */
export function slice(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const attrs = attributes<{ begin: number | number[]; size: number | number[] }>(call);
  const x = input(call, 'x');
  if (!isFourBytes(x)) return undefined;
  const [begin, size] = slice_util.parseSliceParams(x, attrs.begin, attrs.size) as [number[], number[]];
  slice_util.assertParamsValid(x, begin, size);
  const strides = stridesOf(x.shape);
  const out = side.output(size, x.dtype);
  const offset = begin.reduce((sum, start, axis) => sum + start * strides[axis]!, 0);
  if (sizeOf(size) > 0) gather(side, side.address(x) + offset, readingAxes(size, strides), out);
  return out;
}
