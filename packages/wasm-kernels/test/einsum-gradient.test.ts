import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { expectAdjoint, random } from './compare.js';
import { onEveryImplementation } from './implementations.js';

const length: Record<string, number> = { a: 2, b: 3, c: 4, d: 5, h: 2, i: 3, j: 4, k: 5, l: 2, q: 3 };
const shapes = (equation: string): number[][] =>
  equation
    .split('->')[0]!
    .split(',')
    .map((term) => [...term].map((letter) => length[letter]!));

function expectGradients(equation: string) {
  tf.tidy(() => {
    const all = shapes(equation);
    const operands = all.map((shape, i) => tf.tensor(random(i + 5, shape).data, shape));
    for (const [i, shape] of all.entries())
      expectAdjoint(`${equation}, input ${i}`, shape, 400, (x) =>
        tf.einsum(equation, ...operands.map((operand, k) => (k === i ? x : operand))),
      );
  });
}

/** What cpu computes, too. */
const common = [
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
];

onEveryImplementation('the gradient of einsum', () => {
  it.each([...common, 'i->i', 'ab,bc,cd->ad', 'ab,c->a', 'ab,cb,c->', 'a,b,c->cab', 'i,i,i->'])(
    '%s',
    expectGradients,
  );

  it('adds up over operands that are one tensor, and passes through twice', () => {
    tf.tidy(() => {
      const x = tf.tensor2d(random(1, [3, 3]).data, [3, 3]);
      const square = (z: tf.Tensor) => tf.einsum('ij,ij->', z, z);
      const gradient = tf.grad(square)(x).dataSync();
      x.dataSync().forEach((value, i) => {
        expect(gradient[i]).toBe(2 * value);
      });
      const twice = tf.grad((z) => tf.sum(tf.grad(square)(z)))(x);
      expect(twice.dataSync()).toEqual(new Float32Array(9).fill(2));
    });
  });

  it('refuses what it cannot read', () => {
    tf.tidy(() => {
      const a = tf.ones([2, 2]);
      expect(() => tf.grad((x) => tf.einsum('ii->i', x))(a)).toThrow(/not implemented yet/);
      expect(() => tf.einsum('ij->iij', a)).toThrow(/different letters in the result/);
      expect(() => tf.einsum('ij->ik', a)).toThrow(/contain the label k not present/);
      expect(() => tf.einsum('ij,jk->ik', a)).toThrow(/Expected 2 inputs but got: 1/);
      expect(() => tf.einsum('ij,jk->ik', a, tf.ones([3, 2]))).toThrow(
        /Expected dimension 2 at axis 0 of the input shaped \[3,2\]/,
      );
    });
  });
});

describe('on cpu', () => {
  beforeAll(async () => {
    await registerTrainingKernels();
    await tf.setBackend('cpu');
  });
  it.each(common)('%s', expectGradients);
});
