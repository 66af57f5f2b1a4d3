import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import { rowMajor, type SideModule } from '../../side/side-module.js';

/** `SamDense`: x [..., n]·kernel [n, m] + bias [m], and the positive part of that where `relu` says so. */
export function dense(call: KernelCall, side: SideModule): TensorInfo {
  const [x, kernel, bias] = [input(call, 'x'), input(call, 'kernel'), input(call, 'bias')];
  const [depth, columns] = kernel.shape as [number, number];
  const rows = sizeOf(x.shape) / depth;
  const result = side.output([...x.shape.slice(0, -1), columns]);
  const out = side.address(result);
  side.run.tileRows(side.address(bias), rows, columns, out);
  const left = rowMajor(side.address(x), depth);
  side.multiply(rows, columns, depth, left, rowMajor(side.address(kernel), columns), out, true);
  const { relu } = attributes<{ relu: boolean }>(call);
  if (relu) side.run.clamp(out, out, rows * columns, 0, Number.POSITIVE_INFINITY);
  return result;
}
