// Sums over rows and copies of rows: reductions over leading axes, tiling of a vector, embedding gradients.
import { addInto } from './conv';

/** Sixteen columns at once: sums of x[rows, columns] over rows. */
function sum16(x: usize, rows: usize, stride: usize, out: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let a2 = a0;
  let a3 = a0;
  for (let r: usize = 0; r < rows; r++) {
    a0 = f32x4.add(a0, v128.load(x));
    a1 = f32x4.add(a1, v128.load(x, 16));
    a2 = f32x4.add(a2, v128.load(x, 32));
    a3 = f32x4.add(a3, v128.load(x, 48));
    x += stride;
  }
  v128.store(out, a0);
  v128.store(out, a1, 16);
  v128.store(out, a2, 32);
  v128.store(out, a3, 48);
}

function sum4(x: usize, rows: usize, stride: usize, out: usize): void {
  let sum = f32x4.splat(0);
  for (let r: usize = 0; r < rows; r++) {
    sum = f32x4.add(sum, v128.load(x));
    x += stride;
  }
  v128.store(out, sum);
}

function sum1(x: usize, rows: usize, stride: usize, out: usize): void {
  let sum: f32 = 0;
  for (let r: usize = 0; r < rows; r++) {
    sum += load<f32>(x);
    x += stride;
  }
  store<f32>(out, sum);
}

/** Rows summed before a partial sum is added up: the rounding error grows with this, not with the number of rows. */
export const BLOCK: usize = 512;

/** Sums of the `count` blocks of rows of x[rows, columns] from `first` on, each to its row of out[blocks, columns]. */
export function columnBlockSums(
  first: usize,
  count: usize,
  x: usize,
  rows: usize,
  columns: usize,
  out: usize,
): void {
  const stride = columns * 4;
  for (let block = first; block < first + count; block++) {
    const size = min(BLOCK, rows - block * BLOCK);
    const p = x + block * BLOCK * stride;
    const q = out + block * stride;
    let c: usize = 0;
    for (; c + 16 <= columns; c += 16) sum16(p + c * 4, size, stride, q + c * 4);
    for (; c + 4 <= columns; c += 4) sum4(p + c * 4, size, stride, q + c * 4);
    for (; c < columns; c++) sum1(p + c * 4, size, stride, q + c * 4);
  }
}

/** out[columns] = Σ of the rows of `sums`, which lie `stride` bytes apart, one after the other. */
export function addBlocks(sums: usize, blocks: usize, stride: usize, columns: usize, out: usize): void {
  memory.fill(out, 0, columns * 4);
  for (let block: usize = 0; block < blocks; block++) addInto(out, sums + block * stride, columns);
}

/** out[columns] = Σ over rows of x[rows, columns]. `partial` has room for `columns` floats. */
export function columnSums(x: usize, rows: usize, columns: usize, out: usize, partial: usize): void {
  const stride = columns * 4;
  memory.fill(out, 0, stride);
  for (let r: usize = 0; r < rows; r += BLOCK) {
    columnBlockSums(0, 1, x + r * stride, rows - r, columns, partial);
    addInto(out, partial, columns);
  }
}

/** out[rows, columns]: every row is v. */
export function tileRows(v: usize, rows: usize, columns: usize, out: usize): void {
  const bytes = columns * 4;
  for (let r: usize = 0; r < rows; r++) memory.copy(out + r * bytes, v, bytes);
}

/** out[ids[s]] += x[s] for rows of `columns` floats; an id outside [0, segments) is skipped. */
export function segmentSum(
  x: usize,
  ids: usize,
  rows: usize,
  columns: usize,
  first: i32,
  segments: i32,
  out: usize,
): void {
  const bytes = columns * 4;
  memory.fill(out, 0, (segments as usize) * bytes);
  for (let s: usize = 0; s < rows; s++) {
    const id = load<i32>(ids + s * 4) - first;
    if ((id as u32) < (segments as u32)) addInto(out + (id as usize) * bytes, x + s * bytes, columns);
  }
}

/** Copies images of `height` rows of `rowBytes` into images with zero rows and bytes around them. */
export function padImages(
  x: usize,
  out: usize,
  batch: usize,
  height: usize,
  rowBytes: usize,
  top: usize,
  bottom: usize,
  left: usize,
  right: usize,
): void {
  const wide = left + rowBytes + right;
  for (let n: usize = 0; n < batch; n++) {
    memory.fill(out, 0, top * wide);
    out += top * wide;
    for (let h: usize = 0; h < height; h++) {
      memory.fill(out, 0, left);
      memory.copy(out + left, x, rowBytes);
      memory.fill(out + left + rowBytes, 0, right);
      x += rowBytes;
      out += wide;
    }
    memory.fill(out, 0, bottom * wide);
    out += bottom * wide;
  }
}
