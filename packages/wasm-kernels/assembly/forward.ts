// conv2d (NHWC) as a product whose left operand, the patches of the padded input, is packed straight from the input.
import { writeWindows } from './conv';
import { forwardRow } from './direct';
import { depthOf, MC, multiplyPacked, NC, scratchA, scratchB, scratchTile } from './gemm';
import { clamp } from './math';
import { LOW, NR, TALL } from './micro';
import { packB, panelRows, transpose2Rows, transpose4Rows } from './pack';
import { tileRows } from './rows';

/** One contiguous run of `count` floats of `panel` windows, as [count][panel]; windows beyond `used` are zero. */
function packRun(windows: usize, used: usize, panel: usize, offset: usize, count: usize, d: usize): void {
  const gap = panel * 4;
  let k: usize = 0;
  if (used === panel) {
    const p0 = (load<u32>(windows) as usize) + offset;
    const p1 = (load<u32>(windows, 4) as usize) + offset;
    const p2 = (load<u32>(windows, 8) as usize) + offset;
    const p3 = (load<u32>(windows, 12) as usize) + offset;
    const p4 = panel === TALL ? (load<u32>(windows, 16) as usize) + offset : 0;
    const p5 = panel === TALL ? (load<u32>(windows, 20) as usize) + offset : 0;
    for (; k + 4 <= count; k += 4) {
      const o = k * 4;
      const to = d + k * gap;
      transpose4Rows(v128.load(p0 + o), v128.load(p1 + o), v128.load(p2 + o), v128.load(p3 + o), to, gap);
      if (panel === TALL) transpose2Rows(v128.load(p4 + o), v128.load(p5 + o), to + 16, gap);
    }
  }
  for (; k < count; k++) {
    for (let r: usize = 0; r < panel; r++) {
      const p = (load<u32>(windows + r * 4) as usize) + offset + k * 4;
      store<f32>(d + k * gap + r * 4, r < used ? load<f32>(p) : 0);
    }
  }
}

/**
 * The part k … k + count of the patches of `rows` windows, packed like A. A patch consists of runs of `run` floats, of
 * which `perRow` lie `tap` bytes apart before the next begins at a multiple of `line`.
 */
function packPatches(
  windows: usize,
  rows: usize,
  k: usize,
  count: usize,
  run: usize,
  perRow: usize,
  tap: usize,
  line: usize,
  d: usize,
): void {
  let i: usize = 0;
  while (i < rows) {
    const panel = panelRows(rows - i);
    const used = min(panel, rows - i);
    let at = k;
    const end = k + count;
    while (at < end) {
      const index = at / run;
      const inside = at - index * run;
      const length = min(run - inside, end - at);
      const offset = (index / perRow) * line + (index % perRow) * tap + inside * 4;
      packRun(windows + i * 4, used, panel, offset, length, d);
      d += length * panel * 4;
      at += length;
    }
    i += panel;
  }
}

/** Floats of a window up to which its patches are not packed. */
const DIRECT: usize = 96;

/** Packs a filter [k, n] at d and a bias, zeros where there is none, behind it, whose address is the answer. */
function packBias(filter: usize, bias: usize, k: usize, n: usize, d: usize): usize {
  packB(filter, n * 4, 4, k, n, d);
  const panels = ((n + NR - 1) / NR) * NR;
  const end = d + panels * k * 4;
  memory.fill(end, 0, panels * 4);
  if (bias !== 0) memory.copy(end, bias, n * 4);
  return end;
}

/**
 * out[N·outH·outW, O] = patches(x) · filter (+ bias, unless its address is 0), or with `relu` the positive part of that. x is
 * already padded to height × width. `table` has room for MC words. Bias and ReLU go over a block while it is in the cache.
 */
export function convForward(
  x: usize,
  filter: usize,
  bias: usize,
  relu: bool,
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
  const depth = kh * kw * channels;
  const block = depthOf(depth);
  const pixels = batch * outHeight * outWidth;
  const ldc = outChannels * 4;
  if (dw === 1 && depth <= DIRECT && outWidth >= LOW && outChannels <= NC) {
    const end = packBias(filter, bias, depth, outChannels, pb);
    const lines = outWidth * ldc;
    for (let n: usize = 0; n < batch; n++) {
      for (let r: usize = 0; r < outHeight; r++) {
        const row = x + (n * height + r * sh) * width * channels * 4;
        forwardRow(
          row,
          sw * channels * 4,
          kh,
          kw * channels,
          dh * width * channels * 4,
          pb,
          end,
          relu,
          out,
          outChannels,
          outWidth,
          scratchTile(scratch),
        );
        out += lines;
      }
    }
    return;
  }
  // Neighbouring taps of a row are neighbours in memory unless they are dilated.
  const run = dw === 1 ? kw * channels : channels;
  const perRow: usize = dw === 1 ? 1 : kw;
  for (let j: usize = 0; j < outChannels; j += NC) {
    const nc = min(NC, outChannels - j);
    for (let p: usize = 0; p < depth; p += block) {
      const kc = min(block, depth - p);
      packB(filter + p * ldc + j * 4, ldc, 4, kc, nc, pb);
      for (let i: usize = 0; i < pixels; i += MC) {
        const mc = min(MC, pixels - i);
        const rows = out + i * ldc;
        if (bias !== 0 && j + p === 0) tileRows(bias, mc, outChannels, rows);
        writeWindows(x, height, width, channels, outHeight, outWidth, sh, sw, i, mc, table);
        packPatches(table, mc, p, kc, run, perRow, dw * channels * 4, dh * width * channels * 4, pa);
        const add = p > 0 || bias !== 0;
        multiplyPacked(mc, nc, kc, pa, pb, rows + j * 4, ldc, add, scratchTile(scratch));
        const last = j + nc === outChannels && p + kc === depth;
        if (relu && last) clamp(rows, rows, mc * outChannels, 0, Infinity);
      }
    }
  }
}

/** The filter [taps, C, O] turned around and transposed, [taps, O, C]: what the gradient with respect to x convolves with. */
export function turnFilter(
  filter: usize,
  taps: usize,
  channels: usize,
  outChannels: usize,
  out: usize,
): void {
  for (let t: usize = 0; t < taps; t++) {
    const from = filter + (taps - 1 - t) * channels * outChannels * 4;
    for (let o: usize = 0; o < outChannels; o++) {
      for (let c: usize = 0; c < channels; c++) {
        store<f32>(out, load<f32>(from + (c * outChannels + o) * 4));
        out += 4;
      }
    }
  }
}
