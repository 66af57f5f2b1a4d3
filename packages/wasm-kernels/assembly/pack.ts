// Copies blocks of the operands into the order in which the micro kernel reads them, zero padded to whole tiles.
// Strides are in bytes, so that a transposed operand is the same matrix with its strides exchanged.
import { LOW, NR, TALL } from './micro';

/** Four rows of four floats, stored as columns at d, `gap` apart. */
export function transpose4Rows(r0: v128, r1: v128, r2: v128, r3: v128, d: usize, gap: usize): void {
  const t0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const t1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const t2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const t3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(d, v128.shuffle<f32>(t0, t1, 0, 1, 4, 5));
  v128.store(d + gap, v128.shuffle<f32>(t0, t1, 2, 3, 6, 7));
  v128.store(d + 2 * gap, v128.shuffle<f32>(t2, t3, 0, 1, 4, 5));
  v128.store(d + 3 * gap, v128.shuffle<f32>(t2, t3, 2, 3, 6, 7));
}

/** Two rows of four floats, stored as columns at d, `gap` apart. */
export function transpose2Rows(r0: v128, r1: v128, d: usize, gap: usize): void {
  const low = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  v128.store64_lane(d, low, 0);
  v128.store64_lane(d + gap, low, 1);
  v128.store64_lane(d + 2 * gap, high, 0);
  v128.store64_lane(d + 3 * gap, high, 1);
}

/** Six floats. */
export function copy6(from: usize, to: usize): void {
  v128.store(to, v128.load(from));
  store<u64>(to, load<u64>(from, 16), 16);
}

/** Rows of the next panel of A when `left` rows are left: six, or four where that wastes less. */
export function panelRows(left: usize): usize {
  return left > 8 || left === 6 || left === 5 ? TALL : LOW;
}

/** `transpose4Rows` for rows at p, `stride` apart. */
export function transpose4(p: usize, stride: usize, d: usize, gap: usize): void {
  const r2 = p + 2 * stride;
  transpose4Rows(v128.load(p), v128.load(p + stride), v128.load(r2), v128.load(r2 + stride), d, gap);
}

/** One panel of width `panel`, of which `used` lanes exist: lanes are `cs` apart, steps of k are `rs` apart. */
function packPanel(s: usize, rs: usize, cs: usize, k: usize, used: usize, panel: usize, d: usize): void {
  for (let i: usize = 0; i < k; i++) {
    let q: usize = 0;
    for (; q < used; q++) store<f32>(d + q * 4, load<f32>(s + q * cs));
    for (; q < panel; q++) store<f32>(d + q * 4, 0);
    s += rs;
    d += panel * 4;
  }
}

/** A whole panel whose k runs contiguously: read four steps of k at a time. */
function packTransposed(s: usize, cs: usize, k: usize, panel: usize, d: usize): void {
  const step = panel * 4;
  let i: usize = 0;
  for (; i + 4 <= k; i += 4) {
    const p = s + i * 4;
    for (let q: usize = 0; q + 4 <= panel; q += 4) transpose4(p + q * cs, cs, d + q * 4, step);
    if (panel === TALL) transpose2Rows(v128.load(p + 4 * cs), v128.load(p + 5 * cs), d + 16, step);
    d += 4 * step;
  }
  packPanel(s + i * 4, 4, cs, k - i, panel, panel, d);
}

/** Panels of B that are packed together: what a row contributes to them is read at once. */
const GROUP: usize = 4;

/** `count` panels of NR contiguous columns. */
function copyPanels(s: usize, rs: usize, k: usize, count: usize, d: usize): void {
  const gap = k * NR * 4;
  for (let i: usize = 0; i < k; i++) {
    let to = d + i * NR * 4;
    for (let q: usize = 0; q < count; q++) {
      v128.store(to, v128.load(s + q * 32));
      v128.store(to, v128.load(s + q * 32, 16), 16);
      to += gap;
    }
    s += rs;
  }
}

/** B[k, n] as [⌈n/NR⌉][k][NR]; `rs` is the stride over k, `cs` the stride over n. */
export function packB(src: usize, rs: usize, cs: usize, k: usize, n: usize, d: usize): void {
  let j: usize = 0;
  if (cs === 4) {
    while (j + NR <= n) {
      const count = min(GROUP, (n - j) / NR);
      copyPanels(src + j * 4, rs, k, count, d);
      j += count * NR;
      d += count * k * NR * 4;
    }
  }
  for (; j < n; j += NR) {
    const used = min(NR, n - j);
    const s = src + j * cs;
    if (used === NR && rs === 4) packTransposed(s, cs, k, NR, d);
    else packPanel(s, rs, cs, k, used, NR, d);
    d += k * NR * 4;
  }
}

/** A[m, k] as panels of [k][rows] (see `panelRows`); `rs` is the stride over m, `cs` the stride over k. */
export function packA(src: usize, rs: usize, cs: usize, m: usize, k: usize, d: usize): void {
  let j: usize = 0;
  while (j < m) {
    const panel = panelRows(m - j);
    const used = min(panel, m - j);
    const s = src + j * rs;
    if (used === panel && rs === 4) {
      if (panel === TALL) for (let i: usize = 0; i < k; i++) copy6(s + i * cs, d + i * 24);
      else for (let i: usize = 0; i < k; i++) v128.store(d + i * 16, v128.load(s + i * cs));
    } else if (used === panel && cs === 4) packTransposed(s, rs, k, panel, d);
    else packPanel(s, cs, rs, k, used, panel, d);
    d += k * panel * 4;
    j += panel;
  }
}
