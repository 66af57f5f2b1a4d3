// TensorFlow.js's own gradient tests of the operations behind our kernels, with their inputs and expected numbers.
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { evaluate, type Result, type Values } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import type { PublishedCase } from './published/case.js';
import { concatSplitCases } from './published/concat-split.js';
import { convolutionCases } from './published/convolutions.js';
import { normalizationCases } from './published/normalization.js';
import { poolingCases } from './published/pooling.js';
import { productCases } from './published/products.js';
import { rowCases } from './published/rows.js';

type F = PublishedCase['f'];

function expectGradients(
  { data, shape }: Result,
  input: Values,
  want: readonly number[],
  test: PublishedCase,
): void {
  expect(shape).toEqual(input.shape);
  expect(data).toHaveLength(want.length);
  const size = Math.max(1, ...want.map(Math.abs));
  const tolerance = (test.printed ?? 0) + 2 * (test.terms ?? 0) * 2 ** -24 * size;
  const worst = Math.max(...want.map((v, i) => Math.abs(v - data[i]!)));
  expect(worst, `${want}; ${data}`).toBeLessThanOrEqual(tolerance);
}

/** Gradients of f, with dy where the case has one. */
const gradientsOf = (f: F, inputs: tf.Tensor[], dy?: tf.Tensor): tf.Tensor[] =>
  tf.grads((...t: tf.Tensor[]) => f(...t))(inputs, dy);

function expectPublished(test: PublishedCase, f: F): void {
  const { inputs, dy, gradients } = test;
  const results = evaluate(dy ? [...inputs, dy] : inputs, (...t) =>
    gradientsOf(f, t.slice(0, inputs.length), dy && t.at(-1)),
  );
  expect(results).toHaveLength(gradients.length);
  for (const [i, want] of gradients.entries()) expectGradients(results[i]!, inputs[i]!, want, test);
}

/**
 * The second derivative of f(a, b), linear in both: ⟨a, ∂f/∂a⟩ = ⟨dy, f(a, b)⟩, so that its gradient with respect to b is
 * the published one.
 */
function expectSecondDerivative(test: PublishedCase): void {
  const { inputs, dy, f, gradients } = test;
  const values = dy ? [...inputs, dy] : inputs;
  const [result] = evaluate(values, (a, b, dy) => {
    const projected = (b: tf.Tensor): tf.Tensor => tf.sum(tf.mul(tf.grad((a) => f(a, b))(a!, dy), a!));
    return [tf.grad(projected)(b!)];
  });
  expectGradients(result!, inputs[1]!, gradients[1]!, test);
}

const families = {
  convolutions: convolutionCases,
  pooling: poolingCases,
  products: productCases,
  normalization: normalizationCases,
  rows: rowCases,
  joints: concatSplitCases,
};

onEveryImplementation('published gradients', () => {
  describe.each(Object.entries(families))('of %s', (_family, cases) => {
    it.each(cases.map((test) => [test.title, test] as const))('%s', (_title, test) => {
      expectPublished(test, test.f);
      expectPublished(test, (...inputs) => tf.clone(test.f(...inputs.map((t) => tf.clone(t)))));
    });

    const bilinear = cases.filter((test) => test.bilinear);
    it.runIf(bilinear.length).each(bilinear.map((test) => [test.title, test] as const))(
      'second derivative of %s',
      (_title, test) => expectSecondDerivative(test),
    );
  });
});
