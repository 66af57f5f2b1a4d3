import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type Computation, expectFiniteLikeCpu, expectLikeCpu } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { conv2dGradients } from './layer-gradients.js';
import { type Case, operations, spoiledInputs } from './operations.js';
import { wholeNumbers } from './random.js';
import { outputOf, padOn, rounding, type Windows, windows } from './windows.js';

/** Sizes that fit in a few vectors, so that most elements stay finite. */
const LONGEST = 9;

type Draw = (typeof operations)[keyof typeof operations];
/** Outputs with more that is not finite than on cpu, by what is spoiled. */
type Fewer = Readonly<Record<string, number[]>>;

function* casesOf(draw: Draw, seed: number, count: number): Generator<Case> {
  const pick = wholeNumbers(seed);
  for (let i = 0; i < count; i++) yield draw(pick, LONGEST);
}

/** The windows' cases: f takes dy, x and a filter. Channels out are those of x where there is no filter. */
function* windowCases(
  seed: number,
  outs: [number, number],
  caseOf: (window: Windows) => Omit<Case, 'label' | 'terms'>,
): Generator<Case> {
  for (const window of windows(seed, 14, { sizes: [1, 7], channels: [1, 5], outs }))
    yield { label: JSON.stringify(window), terms: 100, ...caseOf(window) };
}

const filterOf = ({ x, filter, out }: Windows) => [...filter, x[3], out];

function conv2d(window: Windows) {
  const { strides, pad, x } = window;
  const conv = (x: tf.Tensor, w: tf.Tensor) =>
    tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, padOn(pad), 'NHWC', 1, rounding(pad));
  const f: Computation = (dy, x, w) => tf.grads((x, w) => conv(x!, w!))([x!, w!], dy);
  return { shapes: { dy: outputOf(window), x, w: filterOf(window) }, f };
}

function depthwise(window: Windows) {
  const { strides, pad, x, out } = window;
  const conv = (x: tf.Tensor, w: tf.Tensor) =>
    tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, strides, padOn(pad), 'NHWC', 1, rounding(pad));
  const f: Computation = (dy, x, w) => tf.grads((x, w) => conv(x!, w!))([x!, w!], dy);
  const dy = [...outputOf(window).slice(0, 3), x[3] * out];
  return { shapes: { dy, x, w: filterOf(window) }, f };
}

function avgPool(window: Windows) {
  const { strides, pad, x, filter } = window;
  const pool = (x: tf.Tensor) => tf.avgPool(x as tf.Tensor4D, filter, strides, padOn(pad), rounding(pad));
  const dy = outputOf({ ...window, out: x[3] });
  return { shapes: { dy, x }, f: ((dy, x) => [tf.grad(pool)(x!, dy)]) satisfies Computation };
}

/** The pooling itself; f takes x. */
const pooling =
  (pool: typeof tf.maxPool) =>
  ({ strides, pad, x, filter }: Windows) => ({
    shapes: { x },
    f: ((x) => [pool(x as tf.Tensor4D, filter, strides, padOn(pad), rounding(pad))]) satisfies Computation,
  });

function* extrema(seed: number): Generator<Case> {
  const shapes = [
    { a: [2, 9], b: [9] },
    { a: [5, 1], b: [5, 4] },
    { a: [7], b: [7] },
    { a: [], b: [3] },
  ];
  for (const [i, f] of [tf.maximum, tf.minimum].entries())
    for (const each of shapes)
      yield {
        label: `${i} ${seed}`,
        shapes: each,
        terms: 1,
        f: ((a, b) => [f(a!, b!)]) satisfies Computation,
      };
}

function conv2dLayer(window: Windows) {
  const padding = window.pad === 'same' ? 'same' : 'valid';
  const fits = window.x[1] >= window.filter[0] && window.x[2] >= window.filter[1];
  const whole = { ...window, pad: fits ? padding : 'same' } as const;
  const layer = conv2dGradients({ strides: window.strides, padding: whole.pad });
  const shapes = { dy: outputOf(whole), x: window.x, w: filterOf(window), bias: [window.out] };
  return { shapes, f: ((dy, ...t) => layer(dy!, ...t)) satisfies Computation };
}

async function expectFinite(cases: Iterable<Case>, fewer: Fewer, bad?: Readonly<Record<string, number[]>>) {
  const spoilt: Record<string, number> = {};
  let seed = 1;
  for (const { label, shapes, f } of cases)
    for (const name of Object.keys(shapes)) {
      const inputs = spoiledInputs(shapes, name, seed++, bad?.[name]);
      const count = await expectFiniteLikeCpu(`${name} ${label}`, inputs, f, fewer[name]);
      spoilt[name] = (spoilt[name] ?? 0) + count;
    }
  for (const [name, count] of Object.entries(spoilt)) expect(count, name).toBeGreaterThan(0);
}

async function expectExact(cases: Iterable<Case>) {
  let seed = 1;
  for (const { label, shapes, terms, f } of cases)
    for (const name of Object.keys(shapes))
      await expectLikeCpu(`${name} ${label}`, spoiledInputs(shapes, name, seed++), terms, f);
}

onEveryImplementation('what is not finite', () => {
  describe('is the same as on cpu, NaN or infinity, where sums have the same terms', () => {
    it('of matMul', () => expectExact(casesOf(operations.matMul, 61, 12)));
    it('of sum', () => expectExact(casesOf(operations.sum, 62, 12)));
    it('of maximum pooling', () => expectExact(windowCases(73, [1, 1], pooling(tf.maxPool))));
    it('of mean pooling', () =>
      expectExact(windowCases(74, [1, 1], pooling(tf.avgPool as typeof tf.maxPool))));
    it('of maximum and minimum', () => expectExact(extrema(75)));
    it('of gradients of average pooling', () => expectExact(windowCases(63, [1, 1], avgPool)));
  });

  // Products with the zeros of a padding make NaN, where the loops of cpu leave out what lies outside.
  describe('is at least where it is on cpu, where zeros of a padding are factors', () => {
    it('in gradients of conv2d', () => expectFinite(windowCases(64, [1, 5], conv2d), { dy: [1], w: [0] }));
    it('in gradients of depthwiseConv2d', () =>
      expectFinite(windowCases(65, [1, 3], depthwise), { dy: [1] }));
    it('in a convolution with ReLU', () =>
      expectFinite(windowCases(66, [1, 5], conv2dLayer), {
        dy: [2],
        x: [2],
        w: [0, 1, 2, 3],
        bias: [2],
      }));
  });

  describe('is where it is on cpu', () => {
    it('in a dense layer', () => expectFinite(casesOf(operations['dense layer'], 67, 12), {}));
    it('in softmax cross-entropy', () =>
      expectFinite(casesOf(operations['softmax cross-entropy'], 68, 12), {}));
    it('in a dense layer with ReLU', () =>
      expectFinite(casesOf(operations['dense layer with ReLU'], 69, 12), {}));
    it('in an LSTM cell', () => expectFinite(casesOf(operations['LSTM cell'], 70, 6), {}));
    it('in a GRU cell', () => {
      // A gate that −∞ closes lets 10⁻³⁸ through: infinity times that is infinity, where cpu's 0 · ∞ is NaN.
      const bad = { h: [Number.NaN], recurrent: [Number.NaN] };
      return expectFinite(casesOf(operations['GRU cell'], 71, 6), {}, bad);
    });
  });

  // Where a hard gate is constant, ours multiplies by its slope 0, which keeps NaN; cpu's gradient is 0 whatever dy is.
  it.each(['LSTM', 'GRU'] as const)('is nowhere lost in a cell with hard gates, %s', (kind) => {
    const bad = { h: [Number.NaN], recurrent: [Number.NaN] };
    const all = [0, 1, 2, 3, 4, 5, 6, 7];
    const fewer = { dh: all, dc: all, x: all, h: all, c: all, kernel: all, recurrent: all, bias: all };
    return expectFinite(casesOf(operations[`${kind} cell with hard gates`], 72, 6), fewer, bad);
  });

  it('log1p keeps what is small, as Math.log1p', () => {
    const values = [1e-8, -1e-9, 1e-20, 1e-4, -1, -2, Infinity, Number.NaN, 3].map(Math.fround);
    const logs = tf.tidy(() => tf.log1p(values).dataSync());
    expect([...logs]).toEqual(values.map((value) => Math.fround(Math.log1p(value))));
    const whole = tf.tidy(() => tf.log1p(tf.tensor1d([0, 1, 7], 'int32')).dataSync());
    expect([...whole]).toEqual([0, 0, 2]);
  });
});
