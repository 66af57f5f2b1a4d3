import type { Golden } from '@tfjs-sam/testing/trajectories';
import type { Vec } from './vector.js';

/** Each example's loss and its slope in the logits, before any mean. */
export type Head = (logits: readonly number[], label: number) => { loss: number; slope: number[] };

/** What is evaluated beside the weights. Default the mean cross entropy of the whole batch. */
export interface Request {
  readonly batch: number;
  /** One weight per example, whose sum is 1. */
  readonly weights?: readonly number[];
  /** One example alone. */
  readonly example?: number;
  readonly head?: Head;
}

export interface Evaluation {
  readonly loss: number;
  readonly losses: number[];
  readonly logits: number[][];
  readonly gradient: Vec;
  /** Mean and biased variance of the batch, of batch normalisation. */
  readonly statistics: Vec;
}

/** log Σ exp, and softmax. */
export function logSumExp(z: readonly number[]): { value: number; shares: number[] } {
  const largest = Math.max(...z);
  const powers = z.map((entry) => Math.exp(entry - largest));
  const sum = powers.reduce((a, b) => a + b);
  return { value: largest + Math.log(sum), shares: powers.map((power) => power / sum) };
}

/** Cross entropy with smoothed targets. */
export const crossEntropy =
  (smoothing: number): Head =>
  (logits, label) => {
    const { value, shares } = logSumExp(logits);
    const targets = logits.map((_, j) => (j === label ? 1 - smoothing : 0) + smoothing / logits.length);
    return {
      loss: targets.reduce((sum, target, j) => sum + target * (value - logits[j]!), 0),
      slope: shares.map((share, j) => share - targets[j]!),
    };
  };

interface Forward {
  readonly logits: number[][];
  readonly statistics: Vec;
  /** The weights' gradient, from the logits'. */
  readonly back: (slope: readonly (readonly number[])[]) => Vec;
}

/** Evaluates a file's model in float64. */
export function evaluate({ model, data }: Golden, theta: Vec, request: Request): Evaluation {
  if (model === 'function2d') return banana(theta);
  const { x, labels: all } = data.batches![request.batch]!;
  const { example } = request;
  const size = x.values.length / all.length;
  const input = example === undefined ? x.values : x.values.slice(example * size, (example + 1) * size);
  const labels = example === undefined ? all : [all[example]!];
  const { logits, statistics, back } = (model === 'mlp' ? mlp : convolutional)(
    input,
    x.shape.slice(1),
    labels.length,
    theta,
  );
  const head = request.head ?? crossEntropy(data.label_smoothing ?? 0);
  const each = logits.map((z, i) => head(z, labels[i]!));
  const weights = request.weights ?? labels.map(() => 1 / labels.length);
  return {
    logits,
    statistics,
    losses: each.map(({ loss }) => loss),
    loss: each.reduce((sum, { loss }, i) => sum + weights[i]! * loss, 0),
    gradient: back(each.map(({ slope }, i) => slope.map((entry) => weights[i]! * entry))),
  };
}

function banana([theta]: Vec): Evaluation {
  const [x, y] = theta!;
  const [flat, valley] = [1 - x!, y! - x! * x!];
  const loss = flat * flat + 100 * valley * valley;
  return {
    ...{ loss, losses: [], logits: [], statistics: [] },
    gradient: [[-2 * flat - 400 * x! * valley, 200 * valley]],
  };
}

/** y = x w + b of `rows` rows. */
function dense(x: readonly number[], rows: number, w: readonly number[], b: readonly number[]): number[] {
  const [inner, width] = [w.length / b.length, b.length];
  return Array.from({ length: rows * width }, (_, at) => {
    const [row, column] = [Math.floor(at / width), at % width];
    let sum = b[column]!;
    for (let k = 0; k < inner; k++) sum += x[row * inner + k]! * w[k * width + column]!;
    return sum;
  });
}

function denseBack(x: readonly number[], rows: number, w: readonly number[], slope: readonly number[]) {
  const width = slope.length / rows;
  const inner = w.length / width;
  const [dx, dw, db] = [x.map(() => 0), w.map(() => 0), Array<number>(width).fill(0)];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < width; column++) {
      const s = slope[row * width + column]!;
      db[column]! += s;
      for (let k = 0; k < inner; k++) {
        dw[k * width + column]! += x[row * inner + k]! * s;
        dx[row * inner + k]! += w[k * width + column]! * s;
      }
    }
  }
  return { dx, dw, db };
}

const rowsOf = (flat: readonly number[], rows: number): number[][] =>
  Array.from({ length: rows }, (_, i) =>
    flat.slice((i * flat.length) / rows, ((i + 1) * flat.length) / rows),
  );

type Network = (x: readonly number[], shape: readonly number[], rows: number, theta: Vec) => Forward;

const mlp: Network = (x, _shape, rows, [w1, b1, w2, b2]) => {
  const hidden = dense(x, rows, w1!, b1!).map(Math.tanh);
  return {
    logits: rowsOf(dense(hidden, rows, w2!, b2!), rows),
    statistics: [],
    back: (slope) => {
      const second = denseBack(hidden, rows, w2!, slope.flat());
      const first = denseBack(
        x,
        rows,
        w1!,
        second.dx.map((s, i) => s * (1 - hidden[i]! ** 2)),
      );
      return [first.dw, first.db, second.dw, second.db];
    },
  };
};

const EPSILON = 1e-3;

const convolutional: Network = (x, [height, width, depth], rows, [kernel, gamma, beta, w, b]) => {
  const [h, v, d, out] = [height!, width!, depth!, gamma!.length];
  const pixels = h * v;
  const taps: { y: number; x: number; k: number }[] = [];
  for (let n = 0; n < rows; n++)
    for (let i = 0; i < h; i++)
      for (let j = 0; j < v; j++)
        for (let a = 0; a < 3; a++)
          for (let c = 0; c < 3; c++) {
            const [row, column] = [i + a - 1, j + c - 1];
            if (row < 0 || row >= h || column < 0 || column >= v) continue;
            taps.push({
              y: (n * pixels + i * v + j) * out,
              x: (n * pixels + row * v + column) * d,
              k: (a * 3 + c) * d * out,
            });
          }
  const convolved = Array<number>(rows * pixels * out).fill(0);
  for (const tap of taps)
    for (let c = 0; c < d; c++)
      for (let o = 0; o < out; o++) convolved[tap.y + o]! += x[tap.x + c]! * kernel![tap.k + c * out + o]!;
  const count = rows * pixels;
  const channelMean = (values: readonly number[]) => {
    const sums = Array<number>(out).fill(0);
    for (const [i, value] of values.entries()) sums[i % out]! += value / count;
    return sums;
  };
  const mean = channelMean(convolved);
  const variance = channelMean(convolved.map((value, i) => (value - mean[i % out]!) ** 2));
  const inverse = variance.map((value) => 1 / Math.sqrt(value + EPSILON));
  const normal = convolved.map((value, i) => (value - mean[i % out]!) * inverse[i % out]!);
  const active = normal.map((value, i) => value * gamma![i % out]! + beta![i % out]! > 0);
  const pooled = Array<number>(rows * out).fill(0);
  for (const [i, value] of normal.entries()) {
    const at = Math.floor(i / (pixels * out)) * out + (i % out);
    if (active[i]) pooled[at]! += (value * gamma![i % out]! + beta![i % out]!) / pixels;
  }
  return {
    logits: rowsOf(dense(pooled, rows, w!, b!), rows),
    statistics: [mean, variance],
    back: (slope) => {
      const top = denseBack(pooled, rows, w!, slope.flat());
      const d1 = normal.map((_, i) =>
        active[i] ? top.dx[Math.floor(i / (pixels * out)) * out + (i % out)]! / pixels : 0,
      );
      const [dGamma, dBeta] = [
        channelMean(d1.map((value, i) => value * normal[i]!)).map((value) => value * count),
        channelMean(d1).map((value) => value * count),
      ];
      const dNormal = d1.map((value, i) => value * gamma![i % out]!);
      const first = channelMean(dNormal);
      const second = channelMean(dNormal.map((value, i) => value * normal[i]!));
      const dConvolved = dNormal.map(
        (value, i) => inverse[i % out]! * (value - first[i % out]! - normal[i]! * second[i % out]!),
      );
      const dKernel = kernel!.map(() => 0);
      for (const tap of taps)
        for (let c = 0; c < d; c++)
          for (let o = 0; o < out; o++)
            dKernel[tap.k + c * out + o]! += x[tap.x + c]! * dConvolved[tap.y + o]!;
      return [dKernel, dGamma, dBeta, top.dw, top.db];
    },
  };
};
