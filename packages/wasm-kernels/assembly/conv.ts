// Gradients of conv2d (NHWC). The filter gradient is a product whose left operand is never built: its panels are
// packed straight from the padded input. The input gradient is a product followed by `col2im`.
import { gradientDirect } from './direct-gradient';
import { KC, MC, multiplyPacked, NC, scratchA, scratchB, scratchTile } from './gemm';
import { TALL } from './micro';
import { copy6, packB, panelRows } from './pack';

/** Byte offset of each row (tap, channel) of the filter gradient inside a window of x. */
function writeRowOffsets(
  kh: usize,
  kw: usize,
  channels: usize,
  rowBytes: usize,
  dh: usize,
  dw: usize,
  out: usize,
): void {
  for (let i: usize = 0; i < kh; i++) {
    for (let j: usize = 0; j < kw; j++) {
      for (let c: usize = 0; c < channels; c++) {
        store<u32>(out, (i * dh * rowBytes + (j * dw * channels + c) * 4) as u32);
        out += 4;
      }
    }
  }
}

/** Address of the window of each of the output pixels `first … first + count − 1`. */
export function writeWindows(
  x: usize,
  height: usize,
  width: usize,
  channels: usize,
  outHeight: usize,
  outWidth: usize,
  sh: usize,
  sw: usize,
  first: usize,
  count: usize,
  out: usize,
): void {
  let column = first % outWidth;
  let row = (first / outWidth) % outHeight;
  let image = first / outWidth / outHeight;
  for (let q: usize = 0; q < count; q++) {
    store<u32>(out + q * 4, (x + ((image * height + row * sh) * width + column * sw) * channels * 4) as u32);
    column++;
    if (column === outWidth) {
      column = 0;
      row++;
      if (row === outHeight) {
        row = 0;
        image++;
      }
    }
  }
}

/** Whether the rows of a panel lie next to one another in a window. */
function areNeighbours(rows: usize, count: usize): bool {
  for (let r: usize = 1; r < count; r++)
    if (load<u32>(rows + r * 4) !== load<u32>(rows) + ((r * 4) as u32)) return false;
  return true;
}

/** Packs `used` rows (their offsets at `rows`) over `k` windows (their addresses at `windows`) as [k][panel]. */
function packWindows(rows: usize, used: usize, panel: usize, windows: usize, k: usize, d: usize): void {
  if (used === panel && areNeighbours(rows, panel)) {
    const o = load<u32>(rows) as usize;
    if (panel === TALL)
      for (let q: usize = 0; q < k; q++) copy6((load<u32>(windows + q * 4) as usize) + o, d + q * 24);
    else
      for (let q: usize = 0; q < k; q++)
        v128.store(d + q * 16, v128.load((load<u32>(windows + q * 4) as usize) + o));
    return;
  }
  for (let q: usize = 0; q < k; q++) {
    const p = load<u32>(windows + q * 4);
    let r: usize = 0;
    for (; r < used; r++) store<f32>(d + r * 4, load<f32>((p + load<u32>(rows + r * 4)) as usize));
    for (; r < panel; r++) store<f32>(d + r * 4, 0);
    d += panel * 4;
  }
}

/** Elements of a window up to which it is not packed. */
const DIRECT: usize = 32;

/**
 * dW[kh·kw·C, O] = Σ over output pixels of window(x) ⊗ dy: `rows` of its rows, one for each element of a window, and `columns` of its
 * columns, a multiple of eight but for the last. x is already padded to height × width. `table` has room for kh·kw·C + KC words.
 */
export function convFilterGradient(
  first: usize,
  rows: usize,
  firstColumn: usize,
  columns: usize,
  x: usize,
  dy: usize,
  out: usize,
  scratch: usize,
  table: usize,
  batch: usize,
  height: usize,
  width: usize,
  channels: usize,
  outHeight: usize,
  outWidth: usize,
  outChannels: usize,
  kh: usize,
  kw: usize,
  sh: usize,
  sw: usize,
  dh: usize,
  dw: usize,
): void {
  const pa = scratchA(scratch);
  const pb = scratchB(scratch);
  const m = kh * kw * channels;
  const end = first + rows;
  const pixels = batch * outHeight * outWidth;
  const ldc = outChannels * 4;
  const windows = table + m * 4;
  const endColumn = firstColumn + columns;
  writeRowOffsets(kh, kw, channels, width * channels * 4, dh, dw, table);
  if (m <= DIRECT && outChannels % 8 === 0) {
    const line = width * channels * 4;
    memory.fill(windows, 0, 12);
    gradientDirect(
      first,
      end,
      firstColumn,
      endColumn,
      x,
      table,
      dy,
      out,
      batch,
      height * line,
      sh * line,
      sw * channels * 4,
      outHeight,
      outWidth,
      ldc,
      scratchTile(scratch),
    );
    return;
  }
  for (let p: usize = 0; p < pixels; p += KC) {
    const kc = min(KC, pixels - p);
    writeWindows(x, height, width, channels, outHeight, outWidth, sh, sw, p, kc, windows);
    for (let j = firstColumn; j < endColumn; j += NC) {
      const nc = min(NC, endColumn - j);
      packB(dy + p * ldc + j * 4, ldc, 4, kc, nc, pb);
      for (let i = first; i < end; i += MC) {
        const mc = min(MC, end - i);
        let r: usize = 0;
        while (r < mc) {
          const panel = panelRows(mc - r);
          packWindows(table + (i + r) * 4, min(panel, mc - r), panel, windows, kc, pa + r * kc * 4);
          r += panel;
        }
        multiplyPacked(mc, nc, kc, pa, pb, out + i * ldc + j * 4, ldc, p > 0, scratchTile(scratch));
      }
    }
  }
}

/** target[n] += source[n]. */
export function addInto(target: usize, source: usize, n: usize): void {
  const whole = n & ~3;
  let i: usize = 0;
  for (; i < whole; i += 4) {
    const o = i * 4;
    v128.store(target + o, f32x4.add(v128.load(target + o), v128.load(source + o)));
  }
  for (; i < n; i++) store<f32>(target + i * 4, load<f32>(target + i * 4) + load<f32>(source + i * 4));
}

/** dx[N, H, W, C] = Σ of the rows cols[N·outH·outW, kh·kw·C], each at its window. */
export function col2im(
  cols: usize,
  dx: usize,
  batch: i32,
  height: i32,
  width: i32,
  channels: usize,
  outHeight: i32,
  outWidth: i32,
  kh: i32,
  kw: i32,
  sh: i32,
  sw: i32,
  dh: i32,
  dw: i32,
  top: i32,
  left: i32,
): void {
  const image = ((height * width) as usize) * channels * 4;
  memory.fill(dx, 0, image * (batch as usize));
  for (let n = 0; n < batch; n++) {
    for (let row = 0; row < outHeight; row++) {
      for (let column = 0; column < outWidth; column++) {
        for (let i = 0; i < kh; i++) {
          const h = row * sh - top + i * dh;
          for (let j = 0; j < kw; j++) {
            const w = column * sw - left + j * dw;
            if ((h as u32) < (height as u32) && (w as u32) < (width as u32))
              addInto(dx + ((h * width + w) as usize) * channels * 4, cols, channels);
            cols += channels * 4;
          }
        }
      }
    }
    dx += image;
  }
}
