// Layer normalisation over the rows of x[rows, columns], and its gradient. Sums of a row run in four lanes; those of
// BLOCK elements are added up in float64, those of BLOCK_ROWS rows in float32.
import { addInto } from './conv';

const BLOCK: usize = 2048;
const BLOCK_ROWS: usize = 512;

function laneSum(v: v128): f64 {
  const pairs = f64x2.add(
    f64x2.promote_low_f32x4(v),
    f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 2, 3)),
  );
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}

/** Σ (x − m), or with `square` Σ (x − m)². */
function deviations(x: usize, n: usize, m: f32, square: bool): f64 {
  const ms = f32x4.splat(m);
  const ones = f32x4.splat(1);
  let total: f64 = 0;
  let i: usize = 0;
  while (i + 4 <= n) {
    const end = min(i + BLOCK, n & ~3);
    let sum = f32x4.splat(0);
    for (; i < end; i += 4) {
      const d = f32x4.sub(v128.load(x + i * 4), ms);
      sum = f32x4.add(sum, f32x4.mul(d, square ? d : ones));
    }
    total += laneSum(sum);
  }
  for (; i < n; i++) {
    const d = load<f32>(x + i * 4) - m;
    total += (d as f64) * (square ? (d as f64) : 1);
  }
  return total;
}

/** y = γ(x − m)r + β. */
function normaliseRow(x: usize, n: usize, m: f32, r: f32, gamma: usize, beta: usize, y: usize): void {
  const ms = f32x4.splat(m);
  const rs = f32x4.splat(r);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const o = i * 4;
    const h = f32x4.mul(f32x4.sub(v128.load(x + o), ms), rs);
    v128.store(y + o, f32x4.add(f32x4.mul(v128.load(gamma + o), h), v128.load(beta + o)));
  }
  for (; i < n; i++) {
    const o = i * 4;
    store<f32>(y + o, load<f32>(gamma + o) * ((load<f32>(x + o) - m) * r) + load<f32>(beta + o));
  }
}

/** y = γ(x − mean)/√(variance + ε) + β by the mean and the (biased) variance of each row; mean and 1/√… to `stats`. */
export function layerNorm(
  x: usize,
  rows: usize,
  columns: usize,
  gamma: usize,
  beta: usize,
  eps: f64,
  y: usize,
  stats: usize,
): void {
  const n = columns as f64;
  for (let row: usize = 0; row < rows; row++) {
    const m = (deviations(x, columns, 0, false) / n) as f32;
    const r = (1 / sqrt<f64>(deviations(x, columns, m, true) / n + eps)) as f32;
    normaliseRow(x, columns, m, r, gamma, beta, y);
    store<f32>(stats, m);
    store<f32>(stats, r, 4);
    x += columns * 4;
    y += columns * 4;
    stats += 8;
  }
}

/** Σ γ·dy·h, and out += dy·h, with h = (x − m)r, or 1 where the address of x is 0. */
function weigh(x: usize, dy: usize, n: usize, m: f32, r: f32, gamma: usize, out: usize): f64 {
  const ms = f32x4.splat(m);
  const rs = f32x4.splat(r);
  let total: f64 = 0;
  let i: usize = 0;
  while (i + 4 <= n) {
    const end = min(i + BLOCK, n & ~3);
    let sum = f32x4.splat(0);
    for (; i < end; i += 4) {
      const o = i * 4;
      let d = v128.load(dy + o);
      if (x !== 0) d = f32x4.mul(d, f32x4.mul(f32x4.sub(v128.load(x + o), ms), rs));
      v128.store(out + o, f32x4.add(v128.load(out + o), d));
      sum = f32x4.add(sum, f32x4.mul(v128.load(gamma + o), d));
    }
    total += laneSum(sum);
  }
  for (; i < n; i++) {
    const o = i * 4;
    let d = load<f32>(dy + o);
    if (x !== 0) d *= (load<f32>(x + o) - m) * r;
    store<f32>(out + o, load<f32>(out + o) + d);
    total += (load<f32>(gamma + o) * d) as f64;
  }
  return total;
}

/** dx = r(γ·dy − s − (x − m)r·t). */
function gradientRow(
  x: usize,
  dy: usize,
  n: usize,
  m: f32,
  r: f32,
  gamma: usize,
  s: f32,
  t: f32,
  dx: usize,
): void {
  const ms = f32x4.splat(m);
  const rs = f32x4.splat(r);
  const ss = f32x4.splat(s);
  const ts = f32x4.splat(t);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const o = i * 4;
    const g = f32x4.sub(f32x4.mul(v128.load(gamma + o), v128.load(dy + o)), ss);
    const h = f32x4.mul(f32x4.sub(v128.load(x + o), ms), rs);
    v128.store(dx + o, f32x4.mul(rs, f32x4.sub(g, f32x4.mul(h, ts))));
  }
  for (; i < n; i++) {
    const o = i * 4;
    const h = (load<f32>(x + o) - m) * r;
    store<f32>(dx + o, r * (load<f32>(gamma + o) * load<f32>(dy + o) - s - h * t));
  }
}

/**
 * dx of the `count` blocks of rows from `first` on, and each block's sums of dy·h and dy, to its row of
 * sums[blocks, 2, columns].
 */
export function layerNormGradientBlocks(
  first: usize,
  count: usize,
  x: usize,
  dy: usize,
  rows: usize,
  columns: usize,
  gamma: usize,
  stats: usize,
  dx: usize,
  sums: usize,
): void {
  const bytes = columns * 4;
  const n = columns as f64;
  const end = min((first + count) * BLOCK_ROWS, rows);
  memory.fill(sums + first * 2 * bytes, 0, count * 2 * bytes);
  for (let row = first * BLOCK_ROWS; row < end; row++) {
    const from = row * bytes;
    const target = sums + (row / BLOCK_ROWS) * 2 * bytes;
    const m = load<f32>(stats + row * 8);
    const r = load<f32>(stats + row * 8, 4);
    const s = (weigh(0, dy + from, columns, m, r, gamma, target + bytes) / n) as f32;
    const t = (weigh(x + from, dy + from, columns, m, r, gamma, target) / n) as f32;
    gradientRow(x + from, dy + from, columns, m, r, gamma, s, t, dx + from);
  }
}

/**
 * Gradients of `layerNorm` with respect to x, γ and β. With h = (x − mean)r, means over the row:
 *
 *   dx = r(γ·dy − mean(γ·dy) − h·mean(γ·dy·h)), dγ = Σ dy·h, dβ = Σ dy
 *
 * `tmp` has room for 2·columns floats.
 */
export function layerNormGradient(
  x: usize,
  dy: usize,
  rows: usize,
  columns: usize,
  gamma: usize,
  stats: usize,
  dx: usize,
  dGamma: usize,
  dBeta: usize,
  tmp: usize,
): void {
  const bytes = columns * 4;
  memory.fill(dGamma, 0, bytes);
  memory.fill(dBeta, 0, bytes);
  for (let first: usize = 0; first < rows; first += BLOCK_ROWS) {
    const from = first * bytes;
    const count = min(BLOCK_ROWS, rows - first);
    const statsFrom = stats + first * 8;
    layerNormGradientBlocks(0, 1, x + from, dy + from, count, columns, gamma, statsFrom, dx + from, tmp);
    addInto(dGamma, tmp, columns);
    addInto(dBeta, tmp + bytes, columns);
  }
}
