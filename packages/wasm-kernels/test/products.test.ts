import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { expectLikeCpu, random, spoiled } from './compare.js';
import { onEveryImplementation } from './implementations.js';

const flips = [false, true].flatMap((a) => [false, true].map((b) => [a, b] as const));
const sizes = [
  [1, 1, 1],
  [3, 5, 7],
  [4, 8, 8],
  [17, 33, 9],
  [64, 300, 70],
  [1, 600, 1],
  [130, 257, 75],
] as const;
const batches = [
  [[2], [2]],
  [
    [2, 3],
    [2, 3],
  ],
  [[1], [4]],
  [[], [3]],
  [[5], []],
];

onEveryImplementation('matMul', () => {
  it.each(flips)('multiplies like cpu, transposed %s and %s', async (ta, tb) => {
    for (const [m, k, n] of sizes) {
      const shapes = [ta ? [k, m] : [m, k], tb ? [n, k] : [k, n]];
      const inputs = shapes.map((shape, i) => random(i, shape));
      const product = (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b, ta, tb);
      await expectLikeCpu(`${m} ${k} ${n}`, inputs, Math.max(m, k, n), (a, b) => [
        product(a!, b!),
        ...tf.grads((a, b) => product(a!, b!))([a!, b!]),
      ]);
      if (m > 60) continue;
      for (const [first, second] of batches) {
        const stacks = [random(3, [...first!, ...shapes[0]!]), random(4, [...second!, ...shapes[1]!])];
        await expectLikeCpu(`${first} ${second} ${m} ${k} ${n}`, stacks, k, (a, b) => [product(a!, b!)]);
      }
    }
  });

  it('multiplies a single row like cpu, whatever its length and the width of the matrix', async () => {
    for (const k of [1, 2, 3, 4, 5, 8, 11, 300])
      for (const n of [1, 2, 3, 4, 5, 7, 8, 10, 33, 515])
        for (const tb of [false, true])
          await expectLikeCpu(
            `${k} ${n} ${tb}`,
            [random(k, [1, k]), random(n, tb ? [n, k] : [k, n])],
            k,
            (a, b) => [tf.matMul(a!, b!, false, tb), tf.matMul(tf.reshape(a!, [k, 1]), b!, true, tb)],
          );
  });

  it('gives few rows the bits that they have among many, however deep and wide', async () => {
    if (!tf.getKernel('SamDense', 'wasm')) return;
    for (const [k, n] of [
      [5, 3],
      [40, 61],
      [300, 20],
      [784, 515],
    ] as const)
      tf.tidy(() => {
        const [a, b, bias] = [random(k, [40, k]), random(n, [k, n]), random(1, [n])].map(({ data, shape }) =>
          tf.tensor<tf.Rank>(data, [...shape]),
        ) as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
        for (const f of [
          (a: tf.Tensor2D) => tf.matMul(a, b),
          (a: tf.Tensor2D) => tf.fused.matMul({ a, b, bias }),
          (a: tf.Tensor2D) => tf.matMul(tf.transpose(a) as tf.Tensor2D, b, true),
        ]) {
          const whole = f(a).dataSync();
          for (const m of [2, 3, 4, 5, 6, 7, 8])
            expect(f(tf.slice(a, [0, 0], [m, k])).dataSync(), `${m}×${n}×${k}`).toEqual(
              whole.slice(0, m * n),
            );
        }
      });
  });

  it('takes data that tensors share in every shape they have', async () => {
    await expectLikeCpu('dot and outer', [random(1, [2]), random(2, [2])], 4, (u, v) => [
      tf.dot(u!, v!),
      tf.outerProduct(u as tf.Tensor1D, v as tf.Tensor1D),
    ]);
    for (const activation of ['linear', 'relu6', 'elu'] as const) {
      const product = (a: tf.Tensor, b: tf.Tensor) => tf.fused.matMul({ a, b, activation });
      await expectLikeCpu(activation, [random(3, [3, 1])], 8, (w) => [
        product(tf.ones([1, 3]), w!),
        product(tf.ones([2, 1]), tf.reshape(tf.clone(w!), [1, 3])),
        product(tf.ones([2, 1]), tf.transpose(w!)),
      ]);
    }
    const chain = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor =>
      // cpu's takes two operands.
      tf.getBackend() === 'cpu'
        ? tf.matMul(tf.matMul(a, b, false, true), c, false, true)
        : tf.einsum('ab,cb,dc->ad', a, b, c);
    const values = [random(4, [3, 4]), random(5, [3, 4]), random(6, [2, 3]), random(7, [3, 2])];
    await expectLikeCpu('einsum', values, 40, (a, b, c, w) =>
      tf.grads((a, b, c) => tf.sum(tf.mul(chain(a!, b!, c!), w!)))([a!, b!, c!]),
    );
  });

  it('adds a bias to a product over nothing', async () => {
    const empty = (shape: number[]) => ({ data: new Float32Array(), shape });
    await expectLikeCpu('nothing', [empty([2, 0]), empty([0, 3]), random(1, [3])], 4, (a, b, bias) =>
      (['linear', 'relu', 'elu'] as const).map((activation) =>
        tf.fused.matMul({ a: a!, b: b!, bias: bias!, activation }),
      ),
    );
  });

  it('broadcasts both stacks', () => {
    // cpu answers NaN here.
    for (const [ta, tb] of flips)
      tf.tidy(() => {
        const [sa, sb] = [ta ? [2, 1, 5, 3] : [2, 1, 3, 5], tb ? [1, 3, 4, 5] : [1, 3, 5, 4]];
        const [a, b] = [tf.tensor(random(1, sa).data, sa), tf.tensor(random(2, sb).data, sb)];
        const want = tf.matMul(tf.tile(a, [1, 3, 1, 1]), tf.tile(b, [2, 1, 1, 1]), ta, tb);
        expect(tf.matMul(a, b, ta, tb).dataSync()).toEqual(want.dataSync());
      });
  });

  it('passes on what is not finite', async () => {
    for (const [ta, tb] of flips)
      await expectLikeCpu('spoiled', [spoiled(1, [9, 9], 40), random(2, [9, 9])], 9, (a, b) => [
        tf.matMul(a!, b!, ta, tb),
      ]);
  });

  it('answers zeros where the inner size is 0, and nothing where an outer one is', () => {
    tf.tidy(() => {
      expect(tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 3])).dataSync()).toEqual(new Float32Array(6));
      expect(tf.matMul(tf.zeros([0, 2]), tf.zeros([2, 3])).shape).toEqual([0, 3]);
    });
  });

  it.each([
    'ij,jk->ik',
    'bij,bjk->bik',
    'bij,bkj->bik',
    'abc,abd->cd',
    'ij,j->i',
    'i,j->ij',
    'ij,kl->ijkl',
    'ij,ij->',
    'ij->ji',
    'ij->i',
    'ijk->',
    'i,i->i',
    'bhqd,bhkd->bhqk',
  ])('einsum %s like cpu', async (equation) => {
    const length: Record<string, number> = { a: 2, b: 3, c: 4, d: 5, h: 2, i: 3, j: 4, k: 5, l: 2, q: 3 };
    const terms = equation.split('->')[0]!.split(',');
    const inputs = terms.map((term, i) =>
      random(
        i,
        [...term].map((letter) => length[letter]!),
      ),
    );
    await expectLikeCpu(equation, inputs, 60, (...t) => [tf.einsum(equation, ...t)]);
  });

  it('einsum contracts more than two tensors and sums over letters of one', () => {
    // cpu refuses the first and answers the second in a wrong shape.
    tf.tidy(() => {
      const [a, b, c] = [
        [2, 3],
        [3, 4],
        [4, 5],
      ].map((shape, i) => tf.tensor(random(i, shape).data, shape));
      const product = tf.matMul(tf.matMul(a!, b!), c!);
      expect(tf.einsum('ab,bc,cd->ad', a!, b!, c!).dataSync()).toEqual(product.dataSync());
      const sums = tf.einsum('ab,c->a', a!, tf.tensor1d([1, 2, 4]));
      expect(sums.shape).toEqual([2]);
      const want = tf.mul(tf.sum(a!, 1), 7).dataSync();
      expect(Math.max(...want.map((v, i) => Math.abs(v - sums.dataSync()[i]!)))).toBeLessThan(21 * 2 ** -23);
    });
  });

  it('einsum refuses an equation that it cannot read', () => {
    const a = tf.ones([2, 2]);
    expect(() => tf.einsum('ii->i', a)).toThrow(/"ii", is not implemented yet/);
    expect(() => tf.einsum('ij', a)).toThrow(/exactly one arrow/);
    a.dispose();
  });
});
