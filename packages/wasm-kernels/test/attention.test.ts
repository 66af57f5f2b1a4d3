import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { type AttentionOptions, dotProductAttention } from '../src/index.js';
import { distance, evaluate, expectLikeCpu, random, sizeOf, spoiledOnce, type Values } from './compare.js';
import { check } from './gradient-check.js';
import { onEveryImplementation } from './implementations.js';
import { wholeNumbers } from './random.js';

interface Sizes {
  readonly outer: readonly number[];
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly size: number;
  readonly valueSize: number;
}

/** Every option but the mask, which is given as numbers: 0 hides. */
type Options = Omit<AttentionOptions, 'mask'> & { readonly mask?: Values };

/** Query, key, value and the output's gradient. */
function valuesOf(seed: number, { outer, queries, keys, heads, size, valueSize }: Sizes): Values[] {
  const [width, wide] = [heads * size, heads * valueSize];
  const ends = [
    [queries, width],
    [keys, width],
    [keys, wide],
    [queries, wide],
  ];
  return ends.map((end, i) => random(seed * 4 + i, [...outer, ...end]));
}

const maskOf = (mask: Values | undefined): { mask?: tf.Tensor } =>
  mask ? { mask: tf.tensor(Array.from(mask.data, Number), [...mask.shape], 'bool') } : {};

/** The output and the gradients with respect to query, key and value. */
const gradientsOf =
  ({ mask, ...options }: Options) =>
  (...[q, k, v, dy]: tf.Tensor[]): tf.Tensor[] => {
    const f = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) =>
      dotProductAttention(q, k, v, { ...options, ...maskOf(mask) });
    const { value, grads } = tf.valueAndGrads(f as never)([q!, k!, v!], dy);
    return [value, ...grads];
  };

/** Attention in float64, by its formula. */
function reference([q, k, v]: Values[], { outer, queries, keys, heads, size, valueSize }: Sizes, o: Options) {
  const [items, width, wide] = [sizeOf(outer), heads * size, heads * valueSize];
  const out = new Float64Array(items * queries * wide);
  const sees = (item: number, i: number, j: number): boolean => {
    const whole = (o.mask?.shape.length ?? 0) > 2;
    const hidden = o.mask?.data[((whole ? item : 0) * queries + i) * keys + j] === 0;
    return !hidden && !(o.causal && j > i);
  };
  for (let item = 0; item < items; item++)
    for (let head = 0; head < heads; head++)
      for (let i = 0; i < queries; i++) {
        const scores = Array.from({ length: keys }, (_, j) => {
          let score = 0;
          for (let d = 0; d < size; d++)
            score +=
              q!.data[(item * queries + i) * width + head * size + d]! *
              k!.data[(item * keys + j) * width + head * size + d]!;
          return sees(item, i, j) ? score / Math.sqrt(size) : -Infinity;
        });
        const most = Math.max(...scores);
        const weights = scores.map((score) => (score === -Infinity ? 0 : Math.exp(score - most)));
        const sum = weights.reduce((a, b) => a + b, 0) || 1;
        for (const [j, weight] of weights.entries())
          for (let d = 0; d < valueSize; d++)
            out[(item * queries + i) * wide + head * valueSize + d]! +=
              (weight / sum) * v!.data[(item * keys + j) * wide + head * valueSize + d]!;
      }
  return out;
}

/** Random sizes, around blocks of queries and vectors of keys; a mask of about half of the keys. */
function* cases(count: number): Generator<{ sizes: Sizes; options: Options; label: string }> {
  const pick = wholeNumbers(11);
  for (let i = 0; i < count; i++) {
    const long = i % 6 === 0;
    const sizes = {
      outer: [[], [3], [2, 2]][i % 3]!,
      queries: long ? pick(119, 260) : pick(1, 18),
      keys: pick(1, long ? 30 : 18),
      ...{ heads: pick(1, 3), size: pick(1, 9), valueSize: pick(1, 9) },
    };
    const shape = [...(i % 4 === 3 ? sizes.outer : []), sizes.queries, sizes.keys];
    const bits = Int32Array.from({ length: sizeOf(shape) }, () => pick(0, 1));
    const masked = i % 2 === 1;
    const options = {
      heads: sizes.heads,
      causal: i % 5 > 2,
      ...(masked && { mask: { data: bits, shape } }),
    };
    yield { sizes, options, label: JSON.stringify({ ...sizes, causal: options.causal, masked }) };
  }
}

const termsOf = ({ queries, keys, size, valueSize }: Sizes): number =>
  60 + 2 * (queries + keys + size + valueSize);

onEveryImplementation('attention', () => {
  it('is its formula in float64', () => {
    for (const { sizes, options, label } of cases(18)) {
      const values = valuesOf(1, sizes).slice(0, 3);
      const [got] = evaluate(values, (q, k, v) => {
        const { mask, ...rest } = options;
        return [dotProductAttention(q!, k!, v!, { ...rest, ...maskOf(mask) })];
      });
      expect(got!.shape, label).toEqual([...sizes.outer, sizes.queries, sizes.heads * sizes.valueSize]);
      const want = reference(values, sizes, options);
      expect(distance(got!.data, want), label).toBeLessThanOrEqual(2 * termsOf(sizes) * 2 ** -24);
    }
  });

  it('has the values and gradients of cpu', async () => {
    for (const { sizes, options, label } of cases(16))
      await expectLikeCpu(label, valuesOf(2, sizes), 2 * termsOf(sizes), gradientsOf(options));
  });

  it('has first and second gradients as differences have them', () => {
    const shapes = [
      [2, 3, 4],
      [2, 5, 4],
      [2, 5, 6],
    ];
    const mask = Array.from({ length: 30 }, (_, i) => Number(i % 7 !== 0 && i !== 1));
    for (const [name, options] of Object.entries({
      causal: () => ({ heads: 2, causal: true }),
      masked: () => ({ heads: 2, mask: tf.tensor(mask, [2, 3, 5], 'bool') }),
    })) {
      const f = (q: tf.Tensor, k: tf.Tensor, v: tf.Tensor) => dotProductAttention(q, k, v, options());
      const operation = {
        name,
        shapes,
        range: [-1.5, 1.5] as const,
        f: f as (...x: tf.Tensor[]) => tf.Tensor,
      };
      expect(check(operation), name).toEqual({ first: 'right', second: 'right' });
    }
  });

  it('takes large scores, and passes on what is not finite', async () => {
    const sizes = { outer: [2], queries: 5, keys: 6, heads: 2, size: 3, valueSize: 2 };
    const values = valuesOf(3, sizes);
    const large = { ...values[0]!, data: values[0]!.data.map((x) => 1e4 * x) as Float32Array };
    await expectLikeCpu('large', [large, ...values.slice(1)], 200, gradientsOf({ heads: 2 }));
    const bad = [spoiledOnce(1, values[0]!.shape, [Number.NaN]), values[1]!, values[2]!];
    await expectLikeCpu('NaN', bad, 200, (q, k, v) => [dotProductAttention(q!, k!, v!, { heads: 2 })]);
  });

  it('broadcasts a mask of keys, and gives zeros where a query sees none', () => {
    tf.tidy(() => {
      const [q, k, v] = valuesOf(4, { outer: [2], queries: 3, keys: 4, heads: 1, size: 2, valueSize: 2 })
        .slice(0, 3)
        .map(({ data, shape }) => tf.tensor(data, [...shape])) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const keys = tf.tensor([1, 1, 0, 0, 0, 0, 0, 0], [2, 1, 4], 'bool');
      const got = dotProductAttention(q, k, v, { mask: keys });
      const first = dotProductAttention(
        ...([q, k, v].map((x) => tf.slice(x, [0, 0, 0], [1, x === q ? 3 : 2, 2])) as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ]),
      );
      expect(distance(got.dataSync().slice(0, 6), first.dataSync())).toBeLessThan(1e-6);
      expect([...got.dataSync().slice(6)]).toEqual(Array(6).fill(0));
    });
  });

  it('takes nothing, and whole numbers', async () => {
    for (const [outer, keys] of [
      [[0], 3],
      [[2], 3],
    ] as const) {
      const sizes = { outer, queries: outer[0] ? 0 : 2, keys, heads: 2, size: 3, valueSize: 2 };
      const [got] = evaluate(valuesOf(5, sizes).slice(0, 3), (q, k, v) => [
        dotProductAttention(q!, k!, v!, { heads: 2 }),
      ]);
      expect(got!.shape).toEqual([...outer, sizes.queries, 4]);
    }
    const whole = { data: Int32Array.of(1, 2, 3, 4), shape: [2, 2] };
    await expectLikeCpu('int32', [whole, whole, whole], 60, (q, k, v) => [dotProductAttention(q!, k!, v!)]);
  });

  it('refuses what does not fit together', () => {
    tf.tidy(() => {
      const x = tf.ones([2, 3, 4]);
      const call = (k: number[], v: number[], options?: AttentionOptions) => () =>
        dotProductAttention(x, tf.ones(k), tf.ones(v), options);
      expect(call([2, 3, 5], [2, 3, 4])).toThrow(/query \[\.\.\., queries, width\].*key \[2,3,5\]/);
      expect(call([2, 3, 4], [2, 4, 4])).toThrow(/value \[2,4,4\]/);
      expect(call([3, 4], [3, 4])).toThrow(/of one rank/);
      expect(call([2, 3, 4], [2, 3, 4], { heads: 3 })).toThrow(/heads.*divides.*got 3/);
      expect(call([2, 3, 4], [2, 3, 4], { mask: tf.ones([3, 3]) })).toThrow(/boolean, got float32/);
      expect(call([2, 3, 4], [2, 3, 4], { mask: tf.ones([2, 3], 'bool') })).toThrow(/broadcast.*got \[2,3\]/);
    });
  });
});
