// Matrix product with arbitrary strides: blocks that fit the caches, packed panels, the micro kernel.
import { multiplyInPlace, staysInPlace } from './in-place';
import { low, NR, TALL, tall } from './micro';
import { packA, packB, panelRows } from './pack';
import { rowTimesMatrix } from './row';

/** Depth, rows and columns of a block: A's block stays in the first-level cache's neighbourhood, B's in the second. */
export const KC: usize = 256;
export const MC: usize = TALL * 20;
export const NC: usize = NR * 64;

/** Bytes of scratch memory that `gemm` and `convFilterGradient` need. */
export function scratchBytes(): usize {
  return (KC * MC + KC * NC + TALL * NR) * 4 + 64;
}

export function scratchA(scratch: usize): usize {
  return (scratch + 15) & ~15;
}

export function scratchB(scratch: usize): usize {
  return scratchA(scratch) + KC * MC * 4;
}

export function scratchTile(scratch: usize): usize {
  return scratchB(scratch) + KC * NC * 4;
}

/** Depth of the blocks that k is cut into, equal but for the last: a thin last one would cost as many passes over C. */
export function depthOf(k: usize): usize {
  const blocks = (k + KC - 1) / KC;
  return (k + blocks - 1) / blocks;
}

/** Copies (or adds) the part of a finished tile that lies inside C. */
export function storeEdge(tile: usize, rows: usize, columns: usize, c: usize, ldc: usize, add: bool): void {
  for (let y: usize = 0; y < rows; y++) {
    for (let x: usize = 0; x < columns; x++) {
      const d = c + y * ldc + x * 4;
      const v = load<f32>(tile + (y * NR + x) * 4);
      store<f32>(d, add ? load<f32>(d) + v : v);
    }
  }
}

function multiplyTile(rows: usize, k: usize, a: usize, b: usize, c: usize, ldc: usize, add: bool): void {
  if (rows === TALL) tall(k, a, b, c, ldc, add);
  else low(k, a, b, c, ldc, add);
}

/** One block: packed A (m × k) times packed B (k × n) into C. */
export function multiplyPacked(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  b: usize,
  c: usize,
  ldc: usize,
  add: bool,
  tile: usize,
): void {
  for (let j: usize = 0; j < n; j += NR) {
    const columns = min(NR, n - j);
    let i: usize = 0;
    while (i < m) {
      const panel = panelRows(m - i);
      const rows = min(panel, m - i);
      const target = c + i * ldc + j * 4;
      // All panels but the last are full: panel i begins at row i.
      const whole = columns === NR && rows === panel;
      multiplyTile(
        panel,
        k,
        a + i * k * 4,
        b + j * k * 4,
        whole ? target : tile,
        whole ? ldc : NR * 4,
        whole && add,
      );
      if (!whole) storeEdge(tile, rows, columns, target, ldc, add);
      i += panel;
    }
  }
}

/** C[m, n] = A[m, k] · B[k, n], or with `add` C + A · B, k ≥ 1. Strides (rs over the first index, cs over the second, ldc) are in bytes. */
export function gemm(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  rsA: usize,
  csA: usize,
  b: usize,
  rsB: usize,
  csB: usize,
  c: usize,
  ldc: usize,
  add: bool,
  scratch: usize,
): void {
  if (m === 1 && csB === 4) {
    const whole = n & ~3;
    rowTimesMatrix(whole, k, a, csA, b, rsB, c, add);
    b += whole * 4;
    c += whole * 4;
    n -= whole;
  }
  if (staysInPlace(m, n, k, csB, add)) {
    multiplyInPlace(m, n, k, a, rsA, csA, b, rsB, c, ldc, add, scratch);
    return;
  }
  const pa = scratchA(scratch);
  const pb = scratchB(scratch);
  const tile = scratchTile(scratch);
  const depth = depthOf(k);
  for (let j: usize = 0; j < n; j += NC) {
    const nc = min(NC, n - j);
    for (let p: usize = 0; p < k; p += depth) {
      const kc = min(depth, k - p);
      packB(b + p * rsB + j * csB, rsB, csB, kc, nc, pb);
      for (let i: usize = 0; i < m; i += MC) {
        const mc = min(MC, m - i);
        packA(a + i * rsA + p * csA, rsA, csA, mc, kc, pa);
        multiplyPacked(mc, nc, kc, pa, pb, c + i * ldc + j * 4, ldc, add || p > 0, tile);
      }
    }
  }
}
