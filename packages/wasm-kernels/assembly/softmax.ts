// Cross-entropy between rows of labels and softmax(rows of logits), and its gradient.
import { activate, EXP } from './math';

function largest(x: usize, n: usize): f32 {
  let most = load<f32>(x);
  for (let i: usize = 1; i < n; i++) most = max<f32>(most, load<f32>(x + i * 4));
  return most;
}

/**
 * ln x of x ≥ 1. Not the standard library's: its table would be written to the beginning of the heap, where the constants of
 * TensorFlow.js's own module lie.
 */
function log(x: f32): f32 {
  if (Number.isNaN(x as f64)) return x;
  const bits = reinterpret<u32>(x);
  let exponent = ((bits >> 23) as i32) - 127;
  let m = reinterpret<f32>((bits & 0x7fffff) | 0x3f800000) as f64;
  if (m > Math.SQRT2) {
    m *= 0.5;
    exponent++;
  }
  // 2·artanh s: with |s| ≤ 0.172 the next term is below 10⁻¹⁰ of the result.
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const series = 1 + z * (1.0 / 3 + z * (1.0 / 5 + z * (1.0 / 7 + z * (1.0 / 9 + z * (1.0 / 11)))));
  return (2 * s * series + (exponent as f64) * Math.LN2) as f32;
}

function sumOf(x: usize, n: usize): f32 {
  let sum: f32 = 0;
  for (let i: usize = 0; i < n; i++) sum += load<f32>(x + i * 4);
  return sum;
}

/** out = e^(x − the row's largest x), of all rows at once. */
function exponentials(x: usize, rows: usize, columns: usize, out: usize): void {
  for (let row: usize = 0; row < rows; row++) {
    const from = row * columns * 4;
    const shift = largest(x + from, columns);
    for (let i: usize = 0; i < columns; i++) {
      const o = from + i * 4;
      store<f32>(out + o, load<f32>(x + o) - shift);
    }
  }
  activate(EXP, out, out, rows * columns);
}

/** out[row] = Σ labels · (log Σ eˣ − x). `tmp` has room for rows · columns floats. */
export function softmaxCrossEntropy(
  labels: usize,
  logits: usize,
  rows: usize,
  columns: usize,
  out: usize,
  tmp: usize,
): void {
  exponentials(logits, rows, columns, tmp);
  for (let row: usize = 0; row < rows; row++) {
    const shift = largest(logits, columns);
    const logSum = log(sumOf(tmp, columns));
    let loss: f32 = 0;
    for (let i: usize = 0; i < columns; i++)
      loss += load<f32>(labels + i * 4) * (logSum - (load<f32>(logits + i * 4) - shift));
    store<f32>(out + row * 4, loss);
    labels += columns * 4;
    logits += columns * 4;
    tmp += columns * 4;
  }
}

/** dx = dy[row] · (softmax(x) · Σ labels − labels). */
export function softmaxCrossEntropyGradient(
  labels: usize,
  logits: usize,
  dy: usize,
  rows: usize,
  columns: usize,
  dx: usize,
): void {
  exponentials(logits, rows, columns, dx);
  for (let row: usize = 0; row < rows; row++) {
    const sum = sumOf(dx, columns);
    const weight = sumOf(labels, columns);
    const d = load<f32>(dy + row * 4);
    for (let i: usize = 0; i < columns; i++) {
      const p = load<f32>(dx + i * 4) / sum;
      store<f32>(dx + i * 4, d * (p * weight - load<f32>(labels + i * 4)));
    }
    labels += columns * 4;
    dx += columns * 4;
  }
}
