// Convolutions without packed patches: tiles of neighbouring windows read the padded input in place. For few input
// channels packing costs more than the product.
import { storeEdge } from './gemm';
import { LOW, madd, NR, TALL } from './micro';
import { panelRows } from './pack';

function storePart(c: usize, left: v128, right: v128, relu: bool): void {
  if (relu) {
    const zero = f32x4.splat(0);
    left = f32x4.max(left, zero);
    right = f32x4.max(right, zero);
  }
  v128.store(c, left);
  v128.store(c, right, 16);
}

/**
 * c[6, 8] = bias[8] + Σ over `lines` runs of `run` floats, `line` bytes apart, of six windows at x, `step` bytes apart, times
 * b[k][8]; or with `relu` the positive part of that.
 */
function forwardTall(
  x: usize,
  step: usize,
  lines: usize,
  run: usize,
  line: usize,
  b: usize,
  bias: usize,
  relu: bool,
  c: usize,
  ldc: usize,
): void {
  let c00 = v128.load(bias);
  let c01 = v128.load(bias, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  let c40 = c00;
  let c41 = c01;
  let c50 = c00;
  let c51 = c01;
  for (let i: usize = 0; i < lines; i++) {
    let p = x;
    const end = p + run * 4;
    while (p < end) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let q = p;
      const a0 = v128.load_splat<f32>(q);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      q += step;
      const a1 = v128.load_splat<f32>(q);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      q += step;
      const a2 = v128.load_splat<f32>(q);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      q += step;
      const a3 = v128.load_splat<f32>(q);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      q += step;
      const a4 = v128.load_splat<f32>(q);
      c40 = madd(a4, b0, c40);
      c41 = madd(a4, b1, c41);
      q += step;
      const a5 = v128.load_splat<f32>(q);
      c50 = madd(a5, b0, c50);
      c51 = madd(a5, b1, c51);
      p += 4;
      b += NR * 4;
    }
    x += line;
  }
  storePart(c, c00, c01, relu);
  storePart(c + ldc, c10, c11, relu);
  storePart(c + 2 * ldc, c20, c21, relu);
  storePart(c + 3 * ldc, c30, c31, relu);
  storePart(c + 4 * ldc, c40, c41, relu);
  storePart(c + 5 * ldc, c50, c51, relu);
}

/** The same for four windows. */
function forwardLow(
  x: usize,
  step: usize,
  lines: usize,
  run: usize,
  line: usize,
  b: usize,
  bias: usize,
  relu: bool,
  c: usize,
  ldc: usize,
): void {
  let c00 = v128.load(bias);
  let c01 = v128.load(bias, 16);
  let c10 = c00;
  let c11 = c01;
  let c20 = c00;
  let c21 = c01;
  let c30 = c00;
  let c31 = c01;
  for (let i: usize = 0; i < lines; i++) {
    let p = x;
    const end = p + run * 4;
    while (p < end) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let q = p;
      const a0 = v128.load_splat<f32>(q);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      q += step;
      const a1 = v128.load_splat<f32>(q);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      q += step;
      const a2 = v128.load_splat<f32>(q);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      q += step;
      const a3 = v128.load_splat<f32>(q);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      p += 4;
      b += NR * 4;
    }
    x += line;
  }
  storePart(c, c00, c01, relu);
  storePart(c + ldc, c10, c11, relu);
  storePart(c + 2 * ldc, c20, c21, relu);
  storePart(c + 3 * ldc, c30, c31, relu);
}

/**
 * One row of `columns` ≥ 4 output pixels over all `n` channels. `b`: the filter packed as [⌈n/8⌉][k][8]; `bias`: as
 * [⌈n/8⌉][8]; `tile`: room for a tile. The last windows may be computed twice.
 */
export function forwardRow(
  x: usize,
  step: usize,
  lines: usize,
  run: usize,
  line: usize,
  b: usize,
  bias: usize,
  relu: bool,
  c: usize,
  n: usize,
  columns: usize,
  tile: usize,
): void {
  const ldc = n * 4;
  const k = lines * run;
  for (let i: usize = 0; i < columns; ) {
    const rows = columns < TALL ? LOW : panelRows(columns - i);
    // A tile with fewer windows left begins earlier.
    const at = min(i, columns - rows);
    for (let j: usize = 0; j < n; j += NR) {
      const whole = j + NR <= n;
      const target = c + at * ldc + j * 4;
      const to = whole ? target : tile;
      const gap = whole ? ldc : NR * 4;
      if (rows === TALL)
        forwardTall(x + at * step, step, lines, run, line, b + j * k * 4, bias + j * 4, relu, to, gap);
      else forwardLow(x + at * step, step, lines, run, line, b + j * k * 4, bias + j * 4, relu, to, gap);
      if (!whole) storeEdge(tile, rows, n - j, target, ldc, false);
    }
    i += rows;
  }
}
