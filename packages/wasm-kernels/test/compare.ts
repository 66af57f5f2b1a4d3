import * as tf from '@tensorflow/tfjs';
import { expect } from 'vitest';
import { uniform, wholeNumbers } from './random.js';

/** Tensors that a comparison makes afresh on each backend: values and shape. */
export interface Values {
  readonly data: Float32Array | Int32Array;
  readonly shape: readonly number[];
}

export const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Seeded values in [−1, 1); `levels` rounds them to that many steps, for ties. */
export function random(seed: number, shape: readonly number[], levels = 0): Values {
  const next = uniform(seed);
  const round = (v: number) => (levels ? Math.round(v * levels) / levels : v);
  return { data: Float32Array.from({ length: sizeOf(shape) }, () => round(next())), shape };
}

const notFinite: readonly number[] = [Number.NaN, Infinity, -Infinity];

/** The same with some entries that are not finite. */
export function spoiled(seed: number, shape: readonly number[], every = 7): Values {
  const { data } = random(seed, shape, 2);
  return {
    data: Float32Array.from(data, (v, i) => (i % every === 3 ? notFinite[((i / every) % 3) | 0]! : v)),
    shape,
  };
}

/** Few different values, zeros among them, of which one or two are of `bad`. */
export function spoiledOnce(seed: number, shape: readonly number[], bad = notFinite): Values {
  const { data } = random(seed, shape, 2);
  const pick = wholeNumbers(seed);
  for (let count = pick(1, 2); count > 0; count--)
    data[pick(0, data.length - 1)] = bad[pick(0, bad.length - 1)]!;
  return { data, shape };
}

export type Computation = (...t: tf.Tensor[]) => tf.Tensor[];

/** What a computation answered. */
export interface Result {
  readonly data: ArrayLike<number>;
  readonly shape: number[];
}

/** The outputs of f on the active backend. Expects it to leave nothing behind. */
export function evaluate(inputs: readonly Values[], f: Computation): Result[] {
  const tensors = inputs.map(({ data, shape }) =>
    tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32'),
  );
  const dataIds = tf.engine().backend.numDataIds();
  const { numTensors, numDataBuffers } = tf.memory();
  const outs = tf.tidy(() => f(...tensors));
  const results = outs.map((t) => ({ data: t.dataSync(), shape: t.shape }));
  tf.dispose(outs);
  expect(tf.memory(), 'tensors left behind').toMatchObject({ numTensors, numDataBuffers });
  expect(tf.engine().backend.numDataIds(), 'buffers left behind').toBe(dataIds);
  tf.dispose(tensors);
  return results;
}

/** Largest difference over the largest value (at least 1); infinite where one alone is not finite. */
export function distance(got: ArrayLike<number>, want: ArrayLike<number>): number {
  let [difference, size] = [0, 1];
  for (let i = 0; i < want.length; i++) {
    const [a, b] = [got[i]!, want[i]!];
    if (Object.is(a, b) || a === b) continue;
    if (!Number.isFinite(a) || !Number.isFinite(b)) return Infinity;
    difference = Math.max(difference, Math.abs(a - b));
    size = Math.max(size, Math.abs(b));
  }
  return difference / size;
}

/** What cpu answered in this test file: the same test of other kernels asks the same. */
const answersOfCpu = new Map<string, Result[]>();
let asking = { test: '', path: '', times: 0 };

async function evaluateOnCpu(label: string, inputs: readonly Values[], f: Computation): Promise<Result[]> {
  const { currentTestName: test = '', testPath: path = '' } = expect.getState();
  if (asking.path !== path) answersOfCpu.clear();
  if (asking.path !== path || asking.test !== test) asking = { test, path, times: 0 };
  const question = test.replace(/, (fma|plain|composed) kernels/, '');
  const given = inputs.map(({ data, shape }) => [shape, data[0], data.at(-1)]);
  const key = JSON.stringify([question, asking.times++, label, given]);
  const known = answersOfCpu.get(key);
  if (known) return known;
  await tf.setBackend('cpu');
  const results = evaluate(inputs, f);
  answersOfCpu.set(key, results);
  return results;
}

/**
 * Expects the wasm backend to answer as cpu does, up to the rounding of sums of `terms` terms, and to leave nothing
 * behind. Leaves wasm active.
 */
export async function expectLikeCpu(
  label: string,
  inputs: readonly Values[],
  terms: number,
  f: Computation,
): Promise<void> {
  const want = await evaluateOnCpu(label, inputs, f);
  await tf.setBackend('wasm');
  const got = evaluate(inputs, f);
  expect(
    got.map((r) => r.shape),
    label,
  ).toEqual(want.map((r) => r.shape));
  const worst = Math.max(...want.map((w, i) => distance(got[i]!.data, w.data)));
  // Both sides round each of their terms.
  expect(worst, label).toBeLessThanOrEqual(2 * terms * 2 ** -24);
}

/**
 * Expects wasm to answer a finite number where cpu does, and nowhere else; of the outputs `fewer`, not everywhere where cpu
 * does. Leaves wasm active. Returns how many elements are not finite on cpu.
 */
export async function expectFiniteLikeCpu(
  label: string,
  inputs: readonly Values[],
  f: Computation,
  fewer: readonly number[] = [],
): Promise<number> {
  const finiteOn = async (backend: string): Promise<boolean[][]> => {
    await tf.setBackend(backend);
    return evaluate(inputs, f).map(({ data }) => Array.from(data, Number.isFinite));
  };
  const want = await finiteOn('cpu');
  const got = await finiteOn('wasm');
  expect(got.map((finite) => finite.length)).toEqual(want.map((finite) => finite.length));
  for (const [i, finite] of want.entries()) {
    const wrong = (ok: boolean, j: number) => (finite[j] ? !ok && !fewer.includes(i) : ok);
    expect(got[i]!.findIndex(wrong), `${label}, output ${i}`).toBe(-1);
  }
  return want.flat().filter((finite) => !finite).length;
}

/** Expects ⟨dy, f(x)⟩ = ⟨∇, x⟩ of a linear f: a check of gradients where cpu is no reference. */
export function expectAdjoint(
  label: string,
  shape: readonly number[],
  terms: number,
  f: (x: tf.Tensor) => tf.Tensor,
): void {
  tf.tidy(() => {
    const x = tf.tensor(random(1, shape).data, [...shape]);
    const y = f(x);
    const dy = tf.tensor(random(2, y.shape).data, y.shape);
    const gradient = tf.grad(f)(tf.zerosLike(x), dy);
    const [left] = tf.sum(tf.mul(gradient, x)).dataSync();
    const [right] = tf.sum(tf.mul(dy, y)).dataSync();
    const size = tf.sum(tf.abs(tf.mul(dy, y))).dataSync()[0]!;
    expect(Math.abs(left! - right!), label).toBeLessThanOrEqual(2 * terms * 2 ** -24 * Math.max(size, 1));
  });
}
