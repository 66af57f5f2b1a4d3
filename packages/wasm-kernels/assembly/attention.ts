// Scaled dot-product attention with its softmax, and its gradient: head by head, a block of queries at a time, so that the
// matrix of all weights is never stored. Weights lie transposed, [keys, queries]: sums over keys then need no sums across a vector.
import { gemm } from './gemm';
import { exp4, read, write } from './math';

/** Queries whose weights are held at once. */
const BLOCK: usize = 120;

/** The least float: of a key that is hidden. */
const HIDDEN: f32 = -Infinity;

/** Keys that the `rows` queries from `first` on see at most: with `causal`, query i sees keys 0 to i. */
function keysOf(first: usize, rows: usize, keys: usize, causal: bool): usize {
  return causal ? min(keys, first + rows) : keys;
}

/** Hides keys from queries: those whose byte of the mask [rows, keys], `maskRow` apart, is 0 (0: none), and with `causal` later ones. */
function hide(
  scores: usize,
  rows: usize,
  n: usize,
  first: usize,
  mask: usize,
  maskRow: usize,
  causal: bool,
): void {
  for (let j: usize = 0; j < n; j++) {
    const later = causal && j > first ? min(rows, j - first) : 0;
    for (let i: usize = 0; i < later; i++) store<f32>(scores + i * 4, HIDDEN);
    if (mask !== 0)
      for (let i = later; i < rows; i++)
        if (load<u8>(mask + i * maskRow + j) === 0) store<f32>(scores + i * 4, HIDDEN);
    scores += rows * 4;
  }
}

/** The largest of each column of x, `n` rows of `ld` bytes; a NaN is passed over: its exponential tells. */
function largest(x: usize, n: usize, ld: usize, one: bool): v128 {
  let most = f32x4.splat(HIDDEN);
  for (let j: usize = 0; j < n; j++) {
    most = f32x4.pmax(most, read(x, one));
    x += ld;
  }
  return most;
}

/** Replaces scores by e^(scale·score − shift). Returns the columns' sums. */
function raise(x: usize, n: usize, ld: usize, one: bool, scale: v128, shift: v128): v128 {
  let sums = f32x4.splat(0);
  for (let j: usize = 0; j < n; j++) {
    const e = exp4(f32x4.sub(f32x4.mul(read(x, one), scale), shift));
    sums = f32x4.add(sums, e);
    write(x, e, one);
    x += ld;
  }
  return sums;
}

function scaleColumns(x: usize, n: usize, ld: usize, one: bool, factors: v128): void {
  for (let j: usize = 0; j < n; j++) {
    write(x, f32x4.mul(read(x, one), factors), one);
    x += ld;
  }
}

/**
 * The softmax of the columns of scores[n, rows], a column for each query, four at once. Each query's shift and the inverse of its sum are
 * put into `shifts` and `inverses`, or with `known` taken from there. A query that sees no key has weights of 0.
 */
function softmaxColumns(
  scores: usize,
  rows: usize,
  n: usize,
  scale: f32,
  shifts: usize,
  inverses: usize,
  known: bool,
): void {
  const scales = f32x4.splat(scale);
  const ld = rows * 4;
  for (let i: usize = 0; i < rows; ) {
    const one = rows - i < 4;
    const x = scores + i * 4;
    if (!known) {
      const most = largest(x, n, ld, one);
      const shift = v128.andnot(f32x4.mul(most, scales), f32x4.eq(most, f32x4.splat(HIDDEN)));
      const sum = raise(x, n, ld, one, scales, shift);
      const inverse = v128.andnot(f32x4.div(f32x4.splat(1), sum), f32x4.eq(sum, f32x4.splat(0)));
      write(shifts + i * 4, shift, one);
      write(inverses + i * 4, inverse, one);
    } else raise(x, n, ld, one, scales, read(shifts + i * 4, one));
    scaleColumns(x, n, ld, one, read(inverses + i * 4, one));
    i += one ? 1 : 4;
  }
}

/**
 * Attention of the `count` heads from `first` on, counted through the items of the batch. q [items, queries, heads, size],
 * k [items, keys, heads, size], v [items, keys, heads, valueSize], out as q with valueSize. `mask` (0: none) has a byte for each query
 * and key, `maskItem` bytes from one item to the next. stats [items, heads, 2, queries] is kept for the gradient. `tmp` has room for
 * min(queries, 120) · keys floats.
 */
export function attention(
  first: usize,
  count: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  maskItem: usize,
  heads: usize,
  queries: usize,
  keys: usize,
  size: usize,
  valueSize: usize,
  scale: f32,
  causal: bool,
  out: usize,
  stats: usize,
  scratch: usize,
  tmp: usize,
): void {
  const row = heads * size * 4;
  const valueRow = heads * valueSize * 4;
  for (let head = first; head < first + count; head++) {
    const item = head / heads;
    const column = (head % heads) * 4;
    const qh = q + item * queries * row + column * size;
    const kh = k + item * keys * row + column * size;
    const vh = v + item * keys * valueRow + column * valueSize;
    const outH = out + item * queries * valueRow + column * valueSize;
    for (let i: usize = 0; i < queries; i += BLOCK) {
      const rows = min(BLOCK, queries - i);
      const n = keysOf(i, rows, keys, causal);
      const from = mask === 0 ? 0 : mask + item * maskItem + i * keys;
      const s = rows * 4;
      const known = stats + (2 * head * queries + i) * 4;
      gemm(n, rows, size, kh, row, 4, qh + i * row, 4, row, tmp, s, false, scratch);
      if (mask !== 0 || causal) hide(tmp, rows, n, i, from, keys, causal);
      softmaxColumns(tmp, rows, n, scale, known, known + queries * 4, false);
      gemm(rows, valueSize, n, tmp, 4, s, vh, valueRow, 4, outH + i * valueRow, valueRow, false, scratch);
    }
  }
}

/** Replaces columns of the gradient at the weights by that at the scores, scale · p · (dp − Σ p·dp). */
function scoreGradients(p: usize, dp: usize, rows: usize, n: usize, scale: f32): void {
  const scales = f32x4.splat(scale);
  const ld = rows * 4;
  for (let i: usize = 0; i < rows; ) {
    const one = rows - i < 4;
    const end = n * ld + i * 4;
    let sums = f32x4.splat(0);
    for (let o = i * 4; o < end; o += ld)
      sums = f32x4.add(sums, f32x4.mul(read(p + o, one), read(dp + o, one)));
    for (let o = i * 4; o < end; o += ld) {
      const slope = f32x4.mul(read(p + o, one), f32x4.sub(read(dp + o, one), sums));
      write(dp + o, f32x4.mul(scales, slope), one);
    }
    i += one ? 1 : 4;
  }
}

/** Fills rows of `columns` floats, `stride` bytes apart, with zeros. */
function clearRows(x: usize, rows: usize, columns: usize, stride: usize): void {
  for (let row: usize = 0; row < rows; row++) memory.fill(x + row * stride, 0, columns * 4);
}

/**
 * Gradients of `attention` with respect to q, k and v, which lie as these; dOut lies as out. The weights p are computed again. With
 * P = softmax(scale·QKᵀ), dP = dO·Vᵀ and dS = scale · P ∘ (dP − Σ P∘dP), a sum for each query:
 *
 *   dQ = dS·K, dK = dSᵀ·Q, dV = Pᵀ·dO
 *
 * `tmp` has room for 2 · min(queries, 120) · keys floats.
 */
export function attentionGradient(
  first: usize,
  count: usize,
  q: usize,
  k: usize,
  v: usize,
  mask: usize,
  maskItem: usize,
  heads: usize,
  queries: usize,
  keys: usize,
  size: usize,
  valueSize: usize,
  scale: f32,
  causal: bool,
  stats: usize,
  dOut: usize,
  dq: usize,
  dk: usize,
  dv: usize,
  scratch: usize,
  tmp: usize,
): void {
  const row = heads * size * 4;
  const valueRow = heads * valueSize * 4;
  const dp = tmp + min(BLOCK, queries) * keys * 4;
  for (let head = first; head < first + count; head++) {
    const item = head / heads;
    const column = (head % heads) * 4;
    const ofQuery = item * queries * row + column * size;
    const ofKey = item * keys * row + column * size;
    const ofValue = item * keys * valueRow + column * valueSize;
    const kh = k + ofKey;
    const vh = v + ofValue;
    const dkh = dk + ofKey;
    const dvh = dv + ofValue;
    // The first block writes the gradients of the keys that it sees, the others add to them.
    const seen = keysOf(0, min(BLOCK, queries), keys, causal);
    clearRows(dkh + seen * row, keys - seen, size, row);
    clearRows(dvh + seen * valueRow, keys - seen, valueSize, valueRow);
    for (let i: usize = 0; i < queries; i += BLOCK) {
      const rows = min(BLOCK, queries - i);
      const n = keysOf(i, rows, keys, causal);
      const s = rows * 4;
      const from = mask === 0 ? 0 : mask + item * maskItem + i * keys;
      const qh = q + ofQuery + i * row;
      const dOutH = dOut + item * queries * valueRow + column * valueSize + i * valueRow;
      const known = stats + (2 * head * queries + i) * 4;
      gemm(n, rows, size, kh, row, 4, qh, 4, row, tmp, s, false, scratch);
      if (mask !== 0 || causal) hide(tmp, rows, n, i, from, keys, causal);
      softmaxColumns(tmp, rows, n, scale, known, known + queries * 4, true);
      gemm(n, rows, valueSize, vh, valueRow, 4, dOutH, 4, valueRow, dp, s, false, scratch);
      gemm(n, valueSize, rows, tmp, s, 4, dOutH, valueRow, 4, dvh, valueRow, i > 0, scratch);
      scoreGradients(tmp, dp, rows, n, scale);
      gemm(rows, size, n, dp, 4, s, kh, row, 4, dq + ofQuery + i * row, row, false, scratch);
      gemm(n, size, rows, dp, s, 4, qh, row, 4, dkh, row, i > 0, scratch);
    }
  }
}
