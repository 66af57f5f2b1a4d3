import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';
import { isFourBytes } from '../permute/side.js';

// A tensor that is split or joined along an axis is a matrix, one row for each position of the axes before it; its parts
// are bands of columns.

/** Copies every part from its band of the whole, or with `join` to it. `axis` is the first of the columns' axes. */
function copyBands(
  side: SideModule,
  whole: TensorInfo,
  parts: readonly TensorInfo[],
  axis: number,
  join: boolean,
): void {
  const rows = sizeOf(whole.shape.slice(0, axis));
  const stride = 4 * sizeOf(whole.shape.slice(axis));
  if (rows * stride === 0) return;
  let band = side.address(whole);
  for (const part of parts) {
    const bytes = (4 * sizeOf(part.shape)) / rows;
    const address = side.address(part);
    if (join) side.run.copyRows(address, bytes, band, stride, rows, bytes);
    else side.run.copyRows(band, stride, address, bytes, rows, bytes);
    band += bytes;
  }
}

/** `Unpack` of elements of four bytes. */
export function unpack(call: KernelCall, side: SideModule): TensorInfo[] | undefined {
  const attrs = attributes<{ axis: number }>(call);
  const value = input(call, 'value');
  if (!isFourBytes(value)) return undefined;
  const axis = attrs.axis < 0 ? attrs.axis + value.shape.length : attrs.axis;
  const shape = value.shape.filter((_, i) => i !== axis);
  const parts = Array.from({ length: value.shape[axis]! }, () => side.output(shape, value.dtype));
  copyBands(side, value, parts, axis, false);
  return parts;
}

/** `SplitV` of elements of four bytes. */
export function splitV(call: KernelCall, side: SideModule): TensorInfo[] | undefined {
  const attrs = attributes<{ axis: number; numOrSizeSplits: number | number[] }>(call);
  const x = input(call, 'x');
  if (!isFourBytes(x)) return undefined;
  const axis = util.parseAxisParam(attrs.axis, x.shape)[0]!;
  const sizes = backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis);
  const shapeOf = (size: number) => x.shape.map((length, i) => (i === axis ? size : length));
  const parts = sizes.map((size) => side.output(shapeOf(size), x.dtype));
  copyBands(side, x, parts, axis, false);
  return parts;
}

/** The operands of a kernel that takes a list, where all are of the same type of four bytes. */
function operands(call: KernelCall): TensorInfo[] | undefined {
  const tensors = Object.values(call.inputs) as TensorInfo[];
  const fit = tensors.every((tensor) => isFourBytes(tensor) && tensor.dtype === tensors[0]?.dtype);
  return fit && tensors.length > 1 ? tensors : undefined;
}

/** `Concat` of elements of four bytes. */
export function concat(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const attrs = attributes<{ axis: number }>(call);
  const parts = operands(call);
  if (!parts) return undefined;
  const axis = util.parseAxisParam(attrs.axis, parts[0]!.shape)[0]!;
  const shapes = parts.map(({ shape }) => shape);
  backend_util.assertParamsConsistent(shapes, axis);
  const whole = side.output(backend_util.computeOutShape(shapes, axis), parts[0]!.dtype);
  copyBands(side, whole, parts, axis, true);
  return whole;
}

/** `Pack` of elements of four bytes. */
export function pack(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const attrs = attributes<{ axis: number }>(call);
  const parts = operands(call);
  if (!parts) return undefined;
  const [{ shape, dtype }] = parts as [TensorInfo];
  for (const part of parts)
    util.assertShapesMatch(shape, part.shape, 'stack: expected tensors of one shape, got ');
  const axis = attrs.axis < 0 ? attrs.axis + shape.length + 1 : attrs.axis;
  const whole = side.output([...shape.slice(0, axis), parts.length, ...shape.slice(axis)], dtype);
  copyBands(side, whole, parts, axis, true);
  return whole;
}
