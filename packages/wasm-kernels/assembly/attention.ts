// Scaled dot-product attention with its softmax, and its gradient: head by head, a block of queries at a time, so that the
// matrix of all weights is never stored.
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

/** Hides keys of a row of scores: those whose byte of the mask (0: none) is 0, and from `seen` on. */
function hide(scores: usize, keys: usize, mask: usize, seen: usize): void {
  if (mask !== 0)
    for (let j: usize = 0; j < seen; j++) if (load<u8>(mask + j) === 0) store<f32>(scores + j * 4, HIDDEN);
  for (let j = seen; j < keys; j++) store<f32>(scores + j * 4, HIDDEN);
}

/** The largest of a row, NaN where there is one. */
function largest(x: usize, n: usize): f32 {
  let most = f32x4.splat(HIDDEN);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) most = f32x4.max(most, v128.load(x + i * 4));
  for (; i < n; i++) most = f32x4.max(most, v128.load_splat<f32>(x + i * 4));
  const left = max<f32>(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1));
  return max<f32>(left, max<f32>(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)));
}

/** Replaces scores by e^(scale·score − shift). Returns their sum. */
function raise(x: usize, n: usize, scale: f32, shift: f32): f32 {
  const scales = f32x4.splat(scale);
  const shifts = f32x4.splat(shift);
  let sums = f32x4.splat(0);
  let rest: f32 = 0;
  for (let i: usize = 0; i < n; ) {
    const one = n - i < 4;
    const e = exp4(f32x4.sub(f32x4.mul(read(x + i * 4, one), scales), shifts));
    write(x + i * 4, e, one);
    if (one) rest += f32x4.extract_lane(e, 0);
    else sums = f32x4.add(sums, e);
    i += one ? 1 : 4;
  }
  const left = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
  return left + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3)) + rest;
}

function scaleRow(x: usize, n: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (let i: usize = 0; i < n; ) {
    const one = n - i < 4;
    write(x + i * 4, f32x4.mul(read(x + i * 4, one), factors), one);
    i += one ? 1 : 4;
  }
}

/**
 * The softmax of rows of scores. Each row's shift and the inverse of its sum are put into stats[rows, 2], or with `known` taken from
 * there. A row that sees no key has weights of 0.
 */
function softmaxRows(
  scores: usize,
  rows: usize,
  keys: usize,
  first: usize,
  mask: usize,
  maskRow: usize,
  causal: bool,
  scale: f32,
  stats: usize,
  known: bool,
): void {
  for (let row: usize = 0; row < rows; row++) {
    if (mask !== 0 || causal) hide(scores, keys, mask, keysOf(first + row, 1, keys, causal));
    if (!known) {
      const most = largest(scores, keys) * scale;
      const shift: f32 = most === HIDDEN ? 0 : most;
      const sum = raise(scores, keys, scale, shift);
      store<f32>(stats, shift);
      store<f32>(stats, sum === 0 ? 0 : 1 / sum, 4);
    } else raise(scores, keys, scale, load<f32>(stats));
    scaleRow(scores, keys, load<f32>(stats, 4));
    scores += keys * 4;
    stats += 8;
    if (mask !== 0) mask += maskRow;
  }
}

/**
 * Attention of the `count` heads from `first` on, counted through the items of the batch. q [items, queries, heads, size],
 * k [items, keys, heads, size], v [items, keys, heads, valueSize], out as q with valueSize. `mask` (0: none) has a byte for each query
 * and key, `maskItem` bytes from one item to the next. stats [items, heads, queries, 2] is kept for the gradient. `tmp` has room for
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
      gemm(rows, n, size, qh + i * row, row, 4, kh, 4, row, tmp, n * 4, false, scratch);
      softmaxRows(tmp, rows, n, i, from, keys, causal, scale, stats + (head * queries + i) * 8, false);
      gemm(rows, valueSize, n, tmp, n * 4, 4, vh, valueRow, 4, outH + i * valueRow, valueRow, false, scratch);
    }
  }
}

/** Replaces rows of the gradient at the weights by that at the scores, scale · p · (dp − Σ p·dp). */
function scoreGradients(p: usize, dp: usize, rows: usize, keys: usize, scale: f32): void {
  const scales = f32x4.splat(scale);
  for (let row: usize = 0; row < rows; row++) {
    let sums = f32x4.splat(0);
    for (let j: usize = 0; j < keys; ) {
      const one = keys - j < 4;
      sums = f32x4.add(sums, f32x4.mul(read(p + j * 4, one), read(dp + j * 4, one)));
      j += one ? 1 : 4;
    }
    const left = f32x4.extract_lane(sums, 0) + f32x4.extract_lane(sums, 1);
    const means = f32x4.splat(left + (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3)));
    for (let j: usize = 0; j < keys; ) {
      const one = keys - j < 4;
      const slope = f32x4.mul(read(p + j * 4, one), f32x4.sub(read(dp + j * 4, one), means));
      write(dp + j * 4, f32x4.mul(scales, slope), one);
      j += one ? 1 : 4;
    }
    p += keys * 4;
    dp += keys * 4;
  }
}

/** Fills rows of `columns` floats, `stride` bytes apart, with zeros. */
function clearRows(x: usize, rows: usize, columns: usize, stride: usize): void {
  for (let row: usize = 0; row < rows; row++) memory.fill(x + row * stride, 0, columns * 4);
}

/**
 * Gradients of `attention` with respect to q, k and v, which lie as these; dOut lies as out. The weights p are computed again. With
 * P = softmax(scale·QKᵀ), dP = dO·Vᵀ and dS = scale · P ∘ (dP − rows' Σ P∘dP):
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
      const s = n * 4;
      const from = mask === 0 ? 0 : mask + item * maskItem + i * keys;
      const qh = q + ofQuery + i * row;
      const dOutH = dOut + item * queries * valueRow + column * valueSize + i * valueRow;
      gemm(rows, n, size, qh, row, 4, kh, 4, row, tmp, s, false, scratch);
      softmaxRows(tmp, rows, n, i, from, keys, causal, scale, stats + (head * queries + i) * 8, true);
      gemm(rows, n, valueSize, dOutH, valueRow, 4, vh, 4, valueRow, dp, s, false, scratch);
      gemm(n, valueSize, rows, tmp, 4, s, dOutH, valueRow, 4, dvh, valueRow, i > 0, scratch);
      scoreGradients(tmp, dp, rows, n, scale);
      gemm(rows, size, n, dp, s, 4, kh, row, 4, dq + ofQuery + i * row, row, false, scratch);
      gemm(n, size, rows, dp, 4, s, qh, row, 4, dkh, row, i > 0, scratch);
    }
  }
}
