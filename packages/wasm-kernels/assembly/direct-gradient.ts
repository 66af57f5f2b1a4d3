// The filter gradient of convolutions without packed operands: tiles of window elements by output channels read the padded
// input and dy in place. For few window elements packing costs more than the product.
import { storeEdge } from './gemm';
import { madd, NR, TALL } from './micro';
import { panelRows } from './pack';

function addRow(c: usize, left: v128, right: v128, add: bool): void {
  if (add) {
    left = f32x4.add(left, v128.load(c));
    right = f32x4.add(right, v128.load(c, 16));
  }
  v128.store(c, left);
  v128.store(c, right, 16);
}

/**
 * c[6, 8] (+)= Σ over `lines` rows of `columns` output pixels of six elements of the window ⊗ dy[8]. `offsets`: where the elements
 * lie in a window; windows are `step` and, from row to row, `line` bytes apart, pixels of dy `pixel` bytes.
 */
function gradientTall(
  x: usize,
  offsets: usize,
  step: usize,
  line: usize,
  dy: usize,
  pixel: usize,
  columns: usize,
  lines: usize,
  c: usize,
  ldc: usize,
  add: bool,
): void {
  const o0 = load<u32>(offsets) as usize;
  const o1 = load<u32>(offsets, 4) as usize;
  const o2 = load<u32>(offsets, 8) as usize;
  const o3 = load<u32>(offsets, 12) as usize;
  const o4 = load<u32>(offsets, 16) as usize;
  const o5 = load<u32>(offsets, 20) as usize;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  let c40 = c00;
  let c41 = c00;
  let c50 = c00;
  let c51 = c00;
  for (let i: usize = 0; i < lines; i++) {
    let p = x;
    const end = dy + columns * pixel;
    while (dy < end) {
      const b0 = v128.load(dy);
      const b1 = v128.load(dy, 16);
      const a0 = v128.load_splat<f32>(p + o0);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load_splat<f32>(p + o1);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load_splat<f32>(p + o2);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load_splat<f32>(p + o3);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      const a4 = v128.load_splat<f32>(p + o4);
      c40 = madd(a4, b0, c40);
      c41 = madd(a4, b1, c41);
      const a5 = v128.load_splat<f32>(p + o5);
      c50 = madd(a5, b0, c50);
      c51 = madd(a5, b1, c51);
      p += step;
      dy += pixel;
    }
    x += line;
  }
  addRow(c, c00, c01, add);
  addRow(c + ldc, c10, c11, add);
  addRow(c + 2 * ldc, c20, c21, add);
  addRow(c + 3 * ldc, c30, c31, add);
  addRow(c + 4 * ldc, c40, c41, add);
  addRow(c + 5 * ldc, c50, c51, add);
}

/** The same for four elements. */
function gradientLow(
  x: usize,
  offsets: usize,
  step: usize,
  line: usize,
  dy: usize,
  pixel: usize,
  columns: usize,
  lines: usize,
  c: usize,
  ldc: usize,
  add: bool,
): void {
  const o0 = load<u32>(offsets) as usize;
  const o1 = load<u32>(offsets, 4) as usize;
  const o2 = load<u32>(offsets, 8) as usize;
  const o3 = load<u32>(offsets, 12) as usize;
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  for (let i: usize = 0; i < lines; i++) {
    let p = x;
    const end = dy + columns * pixel;
    while (dy < end) {
      const b0 = v128.load(dy);
      const b1 = v128.load(dy, 16);
      const a0 = v128.load_splat<f32>(p + o0);
      c00 = madd(a0, b0, c00);
      c01 = madd(a0, b1, c01);
      const a1 = v128.load_splat<f32>(p + o1);
      c10 = madd(a1, b0, c10);
      c11 = madd(a1, b1, c11);
      const a2 = v128.load_splat<f32>(p + o2);
      c20 = madd(a2, b0, c20);
      c21 = madd(a2, b1, c21);
      const a3 = v128.load_splat<f32>(p + o3);
      c30 = madd(a3, b0, c30);
      c31 = madd(a3, b1, c31);
      p += step;
      dy += pixel;
    }
    x += line;
  }
  addRow(c, c00, c01, add);
  addRow(c + ldc, c10, c11, add);
  addRow(c + 2 * ldc, c20, c21, add);
  addRow(c + 3 * ldc, c30, c31, add);
}

/**
 * Window elements `first` to `end` by output channels `column` to `columnEnd`, multiples of eight, of the filter gradient of
 * `lines` rows of output pixels: see `gradientTall`. `tile` has room for a tile; `offsets` for three words behind the last.
 */
export function gradientLines(
  first: usize,
  end: usize,
  column: usize,
  columnEnd: usize,
  x: usize,
  offsets: usize,
  step: usize,
  line: usize,
  dy: usize,
  pixel: usize,
  columns: usize,
  lines: usize,
  out: usize,
  add: bool,
  tile: usize,
): void {
  for (let j = column; j < columnEnd; j += NR) {
    for (let i = first; i < end; ) {
      const panel = panelRows(end - i);
      const whole = i + panel <= end;
      const target = out + i * pixel + j * 4;
      const to = whole ? target : tile;
      const gap = whole ? pixel : NR * 4;
      const at = offsets + i * 4;
      const from = dy + j * 4;
      if (panel === TALL) gradientTall(x, at, step, line, from, pixel, columns, lines, to, gap, whole && add);
      else gradientLow(x, at, step, line, from, pixel, columns, lines, to, gap, whole && add);
      if (!whole) storeEdge(tile, end - i, NR, target, pixel, add);
      i += panel;
    }
  }
}

/** Output pixels that are summed before a sum is added to the others. */
const BLOCK: usize = 256;

/** The filter gradient for windows of few elements: see `convFilterGradient`. */
export function gradientDirect(
  first: usize,
  end: usize,
  column: usize,
  columnEnd: usize,
  x: usize,
  offsets: usize,
  dy: usize,
  out: usize,
  batch: usize,
  image: usize,
  line: usize,
  step: usize,
  outHeight: usize,
  outWidth: usize,
  pixel: usize,
  tile: usize,
): void {
  const most = max<usize>(1, BLOCK / outWidth);
  let add = false;
  for (let n: usize = 0; n < batch; n++) {
    for (let r: usize = 0; r < outHeight; r += most) {
      const lines = min(most, outHeight - r);
      const from = x + n * image + r * line;
      const errors = dy + (n * outHeight + r) * outWidth * pixel;
      gradientLines(
        first,
        end,
        column,
        columnEnd,
        from,
        offsets,
        step,
        line,
        errors,
        pixel,
        outWidth,
        lines,
        out,
        add,
        tile,
      );
      add = true;
    }
  }
}
