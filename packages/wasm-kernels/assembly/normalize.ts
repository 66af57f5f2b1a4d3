// Batch normalisation in training mode over x[rows, columns], one statistic per column, and the gradient of ReLU.
import { addInto } from './conv';
import { BLOCK, columnSums } from './rows';

/** out[columns] = Σ over rows of (x − mean)·(x − mean), or with `dy` of dy·(x − mean). */
function sumProducts(x: usize, dy: usize, rows: usize, columns: usize, mean: usize, out: usize): void {
  const stride = columns * 4;
  let c: usize = 0;
  for (; c + 4 <= columns; c += 4) {
    const m = v128.load(mean + c * 4);
    let p = x + c * 4;
    let q = dy + c * 4;
    let sum = f32x4.splat(0);
    for (let r: usize = 0; r < rows; r++) {
      const d = f32x4.sub(v128.load(p), m);
      sum = f32x4.add(sum, f32x4.mul(d, dy === 0 ? d : v128.load(q)));
      p += stride;
      q += stride;
    }
    v128.store(out + c * 4, sum);
  }
  for (; c < columns; c++) {
    const m = load<f32>(mean + c * 4);
    let sum: f32 = 0;
    for (let r: usize = 0; r < rows; r++) {
      const d = load<f32>(x + (r * columns + c) * 4) - m;
      sum += d * (dy === 0 ? d : load<f32>(dy + (r * columns + c) * 4));
    }
    store<f32>(out + c * 4, sum);
  }
}

/** Sums of the products of `sumProducts` over blocks of rows, each to its row of out[blocks, columns]. */
export function columnBlockProducts(
  first: usize,
  count: usize,
  x: usize,
  dy: usize,
  rows: usize,
  columns: usize,
  mean: usize,
  out: usize,
): void {
  const bytes = columns * 4;
  for (let block = first; block < first + count; block++) {
    const from = block * BLOCK * bytes;
    const size = min(BLOCK, rows - block * BLOCK);
    sumProducts(x + from, dy === 0 ? 0 : dy + from, size, columns, mean, out + block * bytes);
  }
}

function columnProducts(
  x: usize,
  dy: usize,
  rows: usize,
  columns: usize,
  mean: usize,
  out: usize,
  partial: usize,
): void {
  const bytes = columns * 4;
  memory.fill(out, 0, bytes);
  for (let r: usize = 0; r < rows; r += BLOCK) {
    const from = r * bytes;
    columnBlockProducts(0, 1, x + from, dy === 0 ? 0 : dy + from, rows - r, columns, mean, partial);
    addInto(out, partial, columns);
  }
}

/** x /= by. */
export function divide(x: usize, n: usize, by: f32): void {
  for (let i: usize = 0; i < n; i++) store<f32>(x + i * 4, load<f32>(x + i * 4) / by);
}

/** out = a[c]·dy + b[c]·(x − mean[c]) + e[c]; an address of dy of 0 leaves the first term out. */
export function combine(
  x: usize,
  dy: usize,
  rows: usize,
  columns: usize,
  mean: usize,
  a: usize,
  b: usize,
  e: usize,
  out: usize,
): void {
  for (let r: usize = 0; r < rows; r++) {
    let c: usize = 0;
    for (; c + 4 <= columns; c += 4) {
      const o = c * 4;
      let v = f32x4.add(
        f32x4.mul(v128.load(b + o), f32x4.sub(v128.load(x + o), v128.load(mean + o))),
        v128.load(e + o),
      );
      if (dy !== 0) v = f32x4.add(f32x4.mul(v128.load(a + o), v128.load(dy + o)), v);
      v128.store(out + o, v);
    }
    for (; c < columns; c++) {
      const o = c * 4;
      let v = load<f32>(b + o) * (load<f32>(x + o) - load<f32>(mean + o)) + load<f32>(e + o);
      if (dy !== 0) v = load<f32>(a + o) * load<f32>(dy + o) + v;
      store<f32>(out + o, v);
    }
    x += columns * 4;
    out += columns * 4;
    if (dy !== 0) dy += columns * 4;
  }
}

/** out = γ/√(variance + ε). */
export function batchNormFactors(gamma: usize, variance: usize, columns: usize, eps: f32, out: usize): void {
  for (let c: usize = 0; c < columns; c++) {
    const o = c * 4;
    store<f32>(out + o, load<f32>(gamma + o) / sqrt<f32>(load<f32>(variance + o) + eps));
  }
}

/** y = γ(x − mean)/√(variance + ε) + β with the mean and the (biased) variance of x. `tmp` has room for `columns` floats. */
export function batchNorm(
  x: usize,
  rows: usize,
  columns: usize,
  gamma: usize,
  beta: usize,
  eps: f32,
  y: usize,
  mean: usize,
  variance: usize,
  tmp: usize,
): void {
  columnSums(x, rows, columns, mean, tmp);
  divide(mean, columns, rows as f32);
  columnProducts(x, 0, rows, columns, mean, variance, tmp);
  divide(variance, columns, rows as f32);
  batchNormFactors(gamma, variance, columns, eps, tmp);
  combine(x, 0, rows, columns, mean, 0, tmp, beta, y);
}

/** The three factors of dx of `batchNormGradient`, of dy, x − mean and 1, [3, columns]; and dγ, where t stood before. */
export function batchNormGradientFactors(
  rows: usize,
  columns: usize,
  gamma: usize,
  variance: usize,
  dMean: usize,
  dVariance: usize,
  eps: f32,
  dGamma: usize,
  dBeta: usize,
  out: usize,
): void {
  const b = out + columns * 4;
  const e = out + columns * 8;
  const n = rows as f32;
  for (let c: usize = 0; c < columns; c++) {
    const o = c * 4;
    const r = (1 as f32) / sqrt<f32>(load<f32>(variance + o) + eps);
    const scale = load<f32>(gamma + o) * r;
    const t = load<f32>(dGamma + o);
    store<f32>(out + o, scale);
    store<f32>(b + o, ((2 as f32) * load<f32>(dVariance + o) - scale * r * r * t) / n);
    store<f32>(e + o, (load<f32>(dMean + o) - scale * load<f32>(dBeta + o)) / n);
    store<f32>(dGamma + o, r * t);
  }
}

/**
 * Gradients of `batchNorm` with respect to x, γ and β, given those of y, mean and variance. With r = 1/√(variance + ε),
 * s = Σdy and t = Σdy(x − mean) over rows: dβ = s, dγ = rt and
 *
 *   dx = γr·dy + (2dvariance − γr³t)/rows·(x − mean) + (dmean − γrs)/rows
 *
 * `tmp` has room for 3·columns floats.
 */
export function batchNormGradient(
  x: usize,
  dy: usize,
  rows: usize,
  columns: usize,
  gamma: usize,
  mean: usize,
  variance: usize,
  dMean: usize,
  dVariance: usize,
  eps: f32,
  dx: usize,
  dGamma: usize,
  dBeta: usize,
  tmp: usize,
): void {
  columnSums(dy, rows, columns, dBeta, tmp);
  columnProducts(x, dy, rows, columns, mean, dGamma, tmp);
  batchNormGradientFactors(rows, columns, gamma, variance, dMean, dVariance, eps, dGamma, dBeta, tmp);
  combine(x, dy, rows, columns, mean, tmp, tmp + columns * 4, tmp + columns * 8, dx);
}
/** dx = dy·step(x): a product, so that what is not finite in dy stays so. The step, ⌈min(max(x, 0), 1)⌉, keeps NaN. */
export function reluGradient(x: usize, dy: usize, dx: usize, n: usize): void {
  const zero = f32x4.splat(0);
  const unit = f32x4.splat(1);
  let i: usize = 0;
  for (; i + 4 <= n; i += 4) {
    const step = f32x4.ceil(f32x4.pmin(f32x4.pmax(v128.load(x + i * 4), zero), unit));
    v128.store(dx + i * 4, f32x4.mul(v128.load(dy + i * 4), step));
  }
  for (; i < n; i++) {
    const step = ceil<f32>(min<f32>(max<f32>(load<f32>(x + i * 4), 0), 1));
    store<f32>(dx + i * 4, load<f32>(dy + i * 4) * step);
  }
}
