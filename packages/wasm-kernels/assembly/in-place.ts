// Products whose operands are read where they lie: with few rows, or small ones, packing would take longer than the product.
import { addInto } from './conv';
import { depthOf, NC, scratchA, scratchB, storeEdge } from './gemm';
import { LOW, madd, NR, TALL } from './micro';
import { packB } from './pack';

/** c[6, 8] = Σₖ a[6, k] ⊗ b[k, 8], or with `on` that on top of c. */
function tallInPlace(
  k: usize,
  a: usize,
  rsA: usize,
  csA: usize,
  b: usize,
  rsB: usize,
  c: usize,
  ldc: usize,
  on: bool,
): void {
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
  if (on) {
    let from = c;
    c00 = v128.load(from);
    c01 = v128.load(from, 16);
    from += ldc;
    c10 = v128.load(from);
    c11 = v128.load(from, 16);
    from += ldc;
    c20 = v128.load(from);
    c21 = v128.load(from, 16);
    from += ldc;
    c30 = v128.load(from);
    c31 = v128.load(from, 16);
    from += ldc;
    c40 = v128.load(from);
    c41 = v128.load(from, 16);
    from += ldc;
    c50 = v128.load(from);
    c51 = v128.load(from, 16);
  }
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let q = a;
    const a0 = v128.load_splat<f32>(q);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    q += rsA;
    const a1 = v128.load_splat<f32>(q);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    q += rsA;
    const a2 = v128.load_splat<f32>(q);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    q += rsA;
    const a3 = v128.load_splat<f32>(q);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    q += rsA;
    const a4 = v128.load_splat<f32>(q);
    c40 = madd(a4, b0, c40);
    c41 = madd(a4, b1, c41);
    q += rsA;
    const a5 = v128.load_splat<f32>(q);
    c50 = madd(a5, b0, c50);
    c51 = madd(a5, b1, c51);
    a += csA;
    b += rsB;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += ldc;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += ldc;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += ldc;
  v128.store(c, c30);
  v128.store(c, c31, 16);
  c += ldc;
  v128.store(c, c40);
  v128.store(c, c41, 16);
  c += ldc;
  v128.store(c, c50);
  v128.store(c, c51, 16);
}

/** The same for four rows. */
function lowInPlace(
  k: usize,
  a: usize,
  rsA: usize,
  csA: usize,
  b: usize,
  rsB: usize,
  c: usize,
  ldc: usize,
  on: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  let c20 = c00;
  let c21 = c00;
  let c30 = c00;
  let c31 = c00;
  if (on) {
    let from = c;
    c00 = v128.load(from);
    c01 = v128.load(from, 16);
    from += ldc;
    c10 = v128.load(from);
    c11 = v128.load(from, 16);
    from += ldc;
    c20 = v128.load(from);
    c21 = v128.load(from, 16);
    from += ldc;
    c30 = v128.load(from);
    c31 = v128.load(from, 16);
  }
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let q = a;
    const a0 = v128.load_splat<f32>(q);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    q += rsA;
    const a1 = v128.load_splat<f32>(q);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    q += rsA;
    const a2 = v128.load_splat<f32>(q);
    c20 = madd(a2, b0, c20);
    c21 = madd(a2, b1, c21);
    q += rsA;
    const a3 = v128.load_splat<f32>(q);
    c30 = madd(a3, b0, c30);
    c31 = madd(a3, b1, c31);
    a += csA;
    b += rsB;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += ldc;
  v128.store(c, c10);
  v128.store(c, c11, 16);
  c += ldc;
  v128.store(c, c20);
  v128.store(c, c21, 16);
  c += ldc;
  v128.store(c, c30);
  v128.store(c, c31, 16);
}

/** The same for two rows. */
function pairInPlace(
  k: usize,
  a: usize,
  rsA: usize,
  csA: usize,
  b: usize,
  rsB: usize,
  c: usize,
  ldc: usize,
  on: bool,
): void {
  let c00 = f32x4.splat(0);
  let c01 = c00;
  let c10 = c00;
  let c11 = c00;
  if (on) {
    let from = c;
    c00 = v128.load(from);
    c01 = v128.load(from, 16);
    from += ldc;
    c10 = v128.load(from);
    c11 = v128.load(from, 16);
  }
  for (; k > 0; k--) {
    const b0 = v128.load(b);
    const b1 = v128.load(b, 16);
    let q = a;
    const a0 = v128.load_splat<f32>(q);
    c00 = madd(a0, b0, c00);
    c01 = madd(a0, b1, c01);
    q += rsA;
    const a1 = v128.load_splat<f32>(q);
    c10 = madd(a1, b0, c10);
    c11 = madd(a1, b1, c11);
    a += csA;
    b += rsB;
  }
  v128.store(c, c00);
  v128.store(c, c01, 16);
  c += ldc;
  v128.store(c, c10);
  v128.store(c, c11, 16);
}

/** The same for a row. */
function rowInPlace(k: usize, a: usize, csA: usize, b: usize, rsB: usize, c: usize, on: bool): void {
  let c0 = f32x4.splat(0);
  let c1 = c0;
  if (on) {
    c0 = v128.load(c);
    c1 = v128.load(c, 16);
  }
  for (; k > 0; k--) {
    const a0 = v128.load_splat<f32>(a);
    c0 = madd(a0, v128.load(b), c0);
    c1 = madd(a0, v128.load(b, 16), c1);
    a += csA;
    b += rsB;
  }
  v128.store(c, c0);
  v128.store(c, c1, 16);
}

/** Eight columns of C for any number of rows. */
function columnsInPlace(
  m: usize,
  k: usize,
  a: usize,
  rsA: usize,
  csA: usize,
  b: usize,
  rsB: usize,
  c: usize,
  ldc: usize,
  on: bool,
): void {
  while (m > 0) {
    const rows: usize = m > 8 || m === 6 || m === 7 ? TALL : m >= LOW ? LOW : m > 1 ? 2 : 1;
    if (rows === TALL) tallInPlace(k, a, rsA, csA, b, rsB, c, ldc, on);
    else if (rows === LOW) lowInPlace(k, a, rsA, csA, b, rsB, c, ldc, on);
    else if (rows === 2) pairInPlace(k, a, rsA, csA, b, rsB, c, ldc, on);
    else rowInPlace(k, a, csA, b, rsB, c, on);
    m -= rows;
    a += rows * rsA;
    c += rows * ldc;
  }
}

/** Bytes of B that stay in the first-level cache while all rows of A pass by. */
const NEAR: usize = 24 * 1024;

/** C[m, n] = A[m, k] · B[k, n], rows of B contiguous. `edge` has room for (k + m) · 8 floats. */
function multiplyBlock(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  rsA: usize,
  csA: usize,
  b: usize,
  rsB: usize,
  c: usize,
  ldc: usize,
  edge: usize,
): void {
  const whole = n & ~(NR - 1);
  const depth = max(NEAR / (n * 4), 16);
  for (let p: usize = 0; p < k; p += depth) {
    const kc = min(depth, k - p);
    for (let j: usize = 0; j < whole; j += NR)
      columnsInPlace(m, kc, a + p * csA, rsA, csA, b + p * rsB + j * 4, rsB, c + j * 4, ldc, p > 0);
  }
  if (whole === n) return;
  const tile = edge + k * NR * 4;
  packB(b + whole * 4, rsB, 4, k, n - whole, edge);
  columnsInPlace(m, k, a, rsA, csA, edge, NR * 4, tile, NR * 4, false);
  storeEdge(tile, m, n - whole, c + whole * 4, ldc, false);
}

/** Few rows, which B is not packed for, or few columns, which A is not packed for. */
export function staysInPlace(m: usize, n: usize, k: usize, csB: usize, add: bool): bool {
  return csB === 4 && (m <= 8 || (n <= 64 && m <= 2048 && k <= 128 && !add));
}

/** `gemm` of operands that stay in place, with its bits: sums run over the same blocks of k. */
export function multiplyInPlace(
  m: usize,
  n: usize,
  k: usize,
  a: usize,
  rsA: usize,
  csA: usize,
  b: usize,
  rsB: usize,
  c: usize,
  ldc: usize,
  add: bool,
  scratch: usize,
): void {
  const edge = scratchA(scratch);
  const sums = scratchB(scratch);
  const depth = depthOf(k);
  for (let j: usize = 0; j < n; j += NC) {
    const nc = min(NC, n - j);
    for (let p: usize = 0; p < k; p += depth) {
      const kc = min(depth, k - p);
      const onTop = add || p > 0;
      const to = c + j * 4;
      const target = onTop ? sums : to;
      const ld = onTop ? nc * 4 : ldc;
      multiplyBlock(m, nc, kc, a + p * csA, rsA, csA, b + p * rsB + j * 4, rsB, target, ld, edge);
      if (onTop) for (let i: usize = 0; i < m; i++) addInto(to + i * ldc, sums + i * ld, nc);
    }
  }
}
