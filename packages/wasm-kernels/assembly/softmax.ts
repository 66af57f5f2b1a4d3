// Cross-entropy between rows of labels and softmax(rows of logits), and its gradient.
import { activate, EXP } from './math';

function largest(x: usize, n: usize): f32 {
  let most = load<f32>(x);
  for (let i: usize = 1; i < n; i++) most = max<f32>(most, load<f32>(x + i * 4));
  return most;
}

/** out = e^(x − shift); gives their sum. */
function exponentials(x: usize, n: usize, shift: f32, out: usize): f32 {
  for (let i: usize = 0; i < n; i++) store<f32>(out + i * 4, load<f32>(x + i * 4) - shift);
  activate(EXP, out, out, n);
  let sum: f32 = 0;
  for (let i: usize = 0; i < n; i++) sum += load<f32>(out + i * 4);
  return sum;
}

/** out[row] = Σ labels · (log Σ eˣ − x). `tmp` has room for `columns` floats. */
export function softmaxCrossEntropy(
  labels: usize,
  logits: usize,
  rows: usize,
  columns: usize,
  out: usize,
  tmp: usize,
): void {
  for (let row: usize = 0; row < rows; row++) {
    const shift = largest(logits, columns);
    const logSum = Mathf.log(exponentials(logits, columns, shift, tmp));
    let loss: f32 = 0;
    for (let i: usize = 0; i < columns; i++)
      loss += load<f32>(labels + i * 4) * (logSum - (load<f32>(logits + i * 4) - shift));
    store<f32>(out + row * 4, loss);
    labels += columns * 4;
    logits += columns * 4;
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
  for (let row: usize = 0; row < rows; row++) {
    const sum = exponentials(logits, columns, largest(logits, columns), dx);
    let weight: f32 = 0;
    for (let i: usize = 0; i < columns; i++) weight += load<f32>(labels + i * 4);
    const d = load<f32>(dy + row * 4);
    for (let i: usize = 0; i < columns; i++) {
      const p = load<f32>(dx + i * 4) / sum;
      store<f32>(dx + i * 4, d * (p * weight - load<f32>(labels + i * 4)));
    }
    labels += columns * 4;
    logits += columns * 4;
    dx += columns * 4;
  }
}
