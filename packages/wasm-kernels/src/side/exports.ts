/** The functions of the side module. Addresses and strides are bytes on the heap; see `assembly/` for the meaning. */
export interface SideExports {
  scratchBytes(): number;
  // biome-ignore format: one line per function reads as the table that it is
  gemm(m: number, n: number, k: number, a: number, rsA: number, csA: number, b: number, rsB: number, csB: number, c: number, ldc: number, add: boolean, scratch: number): void;
  convFilterGradient(
    x: number,
    dy: number,
    out: number,
    scratch: number,
    table: number,
    ...conv: ConvArguments
  ): void;
  col2im(cols: number, dx: number, ...window: WindowArguments): void;
  depthwiseInputGradient(dy: number, filter: number, dx: number, ...window: DepthwiseArguments): void;
  depthwiseFilterGradient(x: number, dy: number, df: number, ...window: DepthwiseArguments): void;
  maxPoolGradient(x: number, dy: number, dx: number, ...window: WindowArguments): void;
  // biome-ignore format: as above
  maxPoolGradient2(x: number, dy: number, dx: number, batch: number, outHeight: number, outWidth: number, channels: number): void;
  avgPoolGradient(dy: number, dx: number, ...windowAndScale: [...WindowArguments, scale: number]): void;
  columnSums(x: number, rows: number, columns: number, out: number, partial: number): void;
  // biome-ignore format: as above
  convForward(x: number, filter: number, bias: number, relu: boolean, out: number, scratch: number, table: number, ...conv: ConvArguments): void;
  // biome-ignore format: as above
  batchNorm(x: number, rows: number, columns: number, gamma: number, beta: number, epsilon: number, y: number, mean: number, variance: number, tmp: number): void;
  // biome-ignore format: as above
  batchNormGradient(x: number, dy: number, rows: number, columns: number, gamma: number, mean: number, variance: number, dMean: number, dVariance: number, epsilon: number, dx: number, dGamma: number, dBeta: number, tmp: number): void;
  // biome-ignore format: as above
  layerNorm(x: number, rows: number, columns: number, gamma: number, beta: number, epsilon: number, y: number, statistics: number): void;
  // biome-ignore format: as above
  layerNormGradient(x: number, dy: number, rows: number, columns: number, gamma: number, statistics: number, dx: number, dGamma: number, dBeta: number, tmp: number): void;
  turnFilter(filter: number, taps: number, channels: number, outChannels: number, out: number): void;
  reluGradient(x: number, dy: number, dx: number, n: number): void;
  // biome-ignore format: as above
  padImages(x: number, out: number, batch: number, height: number, rowBytes: number, top: number, bottom: number, left: number, right: number): void;
  activate(kind: number, x: number, out: number, n: number): void;
  clamp(x: number, out: number, n: number, low: number, high: number): void;
  // biome-ignore format: as above
  lstmCell(a: number, r: number, bias: number, c: number, rows: number, units: number, kind: number, h: number, cNew: number, tmp: number): void;
  // biome-ignore format: as above
  lstmCellGradient(a: number, r: number, bias: number, c: number, dh: number, dcNew: number, rows: number, units: number, kind: number, dz: number, dc: number, tmp: number): void;
  tileRows(v: number, rows: number, columns: number, out: number): void;
  // biome-ignore format: as above
  permute(axes: number, count: number, from: number, rowFrom: number, columnFrom: number, to: number, rowTo: number, rows: number, columns: number): void;
  copyRows(from: number, rowFrom: number, to: number, rowTo: number, rows: number, bytes: number): void;
  segmentSum(x: number, ids: number, rows: number, columns: number, segments: number, out: number): void;
  // biome-ignore format: as above
  softmaxCrossEntropy(labels: number, logits: number, rows: number, columns: number, out: number, tmp: number): void;
  // biome-ignore format: as above
  softmaxCrossEntropyGradient(labels: number, logits: number, dy: number, rows: number, columns: number, dx: number): void;
  dot(x: number, y: number, n: number): number;
  sumOfSquares(x: number, n: number): number;
  scale(c: number, x: number, out: number, n: number, sanitize: boolean): void;
  axpy(c: number, x: number, y: number, out: number, n: number): void;
  sgd(g: number, p: number, pNew: number, n: number, lr: number, decay: number): void;
  // biome-ignore format: as above
  momentum(g: number, p: number, v: number, pNew: number, vNew: number, n: number, lr: number, mu: number, decay: number, nesterov: boolean): void;
  // biome-ignore format: as above
  adamw(g: number, p: number, m: number, v: number, pNew: number, mNew: number, vNew: number, n: number, lr: number, beta1: number, rest1: number, beta2: number, rest2: number, eps: number, keep: number, c1: number, c2: number): void;
}

type Window = [
  outHeight: number,
  outWidth: number,
  kh: number,
  kw: number,
  sh: number,
  sw: number,
  dh: number,
  dw: number,
  top: number,
  left: number,
];

/** Geometry of a sliding window over an NHWC image, in the order of the side module's arguments. */
export type WindowArguments = [batch: number, height: number, width: number, channels: number, ...Window];

/** The same with the channel multiplier of a depthwise filter. */
export type DepthwiseArguments = [
  batch: number,
  height: number,
  width: number,
  channels: number,
  multiplier: number,
  ...Window,
];

/** Geometry of conv2d over an image that is already padded, in the order of the side module's arguments. */
export type ConvArguments = [
  batch: number,
  height: number,
  width: number,
  channels: number,
  outHeight: number,
  outWidth: number,
  outChannels: number,
  kh: number,
  kw: number,
  sh: number,
  sw: number,
  dh: number,
  dw: number,
];
