import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import { random } from './compare.js';
import { onEveryImplementation } from './implementations.js';

type Named = { name: string; tensor: tf.Tensor | null }[];

/** TensorFlow.js's type leaves out that a gradient may be missing. */
const apply = (optimizer: tf.Optimizer, given: Named) => optimizer.applyGradients(given as never);

const makers: Readonly<Record<string, () => tf.Optimizer>> = {
  sgd: () => tf.train.sgd(0.1),
  momentum: () => tf.train.momentum(0.1, 0.9),
  'momentum of Nesterov': () => tf.train.momentum(0.1, 0.9, true),
  'momentum 0': () => tf.train.momentum(0.1, 0),
  adam: () => tf.train.adam(0.05, 0.8, 0.99, 1e-6),
};
const names = Object.keys(makers);
const shapes = [[3, 5], [], [1], [17]];

/** Variables of several shapes, and gradients for them step by step, on the active backend. */
function problem(prefix: string) {
  const tensorOf = (seed: number, shape: number[]) => tf.tensor(random(seed, shape).data, shape);
  const variables = shapes.map((shape, i) => tf.variable(tensorOf(i, shape), true, `${prefix}/${i}`));
  const gradients = (step: number): Named =>
    variables.map(({ name, shape }, i) => ({ name, tensor: tensorOf(10 * step + i, shape) }));
  return { variables, gradients };
}

/** The weights and the slots after a few steps on a backend; one step leaves a variable out, one is half as long. */
async function trained(backend: string, make: () => tf.Optimizer): Promise<number[][]> {
  await tf.setBackend(backend);
  const { variables, gradients } = problem(`${backend}${Math.random()}`);
  const optimizer = make();
  for (let step = 1; step <= 5; step++) {
    const given = gradients(step);
    if (step === 1) {
      given[1]!.tensor!.dispose();
      given[1]!.tensor = null;
    }
    if (step === 4) (optimizer as tf.SGDOptimizer).setLearningRate?.(0.05);
    apply(optimizer, given);
    tf.dispose(given.map(({ tensor }) => tensor).filter((tensor) => tensor !== null));
  }
  const saved = await optimizer.getWeights();
  const slots = saved.filter(({ name }) => name !== 'iter').map(({ tensor }) => tensor);
  const values = [...variables, ...slots].map((tensor) => [...tensor.dataSync()]);
  expect([...saved[0]!.tensor.dataSync()]).toEqual([5]);
  saved[0]!.tensor.dispose();
  optimizer.dispose();
  tf.dispose(variables);
  return values;
}

onEveryImplementation("TensorFlow.js's optimizers", () => {
  it.each(names)('move weights and slots as on cpu: %s', async (name) => {
    const [ours, cpu] = [await trained('wasm', makers[name]!), await trained('cpu', makers[name]!)];
    await tf.setBackend('wasm');
    expect(ours.map(({ length }) => length)).toEqual(cpu.map(({ length }) => length));
    for (const [i, values] of ours.entries())
      for (const [j, value] of values.entries()) expect(value).toBeCloseTo(cpu[i]![j]!, 5);
  });

  it.each(names)('leave nothing behind: %s', async (name) => {
    const { variables, gradients } = problem(`leak ${name}`);
    const optimizer = makers[name]!();
    const step = (i: number) => {
      const given = gradients(i);
      apply(optimizer, given);
      tf.dispose(given.map(({ tensor }) => tensor!));
    };
    step(1);
    const { numTensors, numDataBuffers, numBytes } = tf.memory();
    for (let i = 2; i < 5; i++) step(i);
    expect(tf.memory()).toMatchObject({ numTensors, numDataBuffers, numBytes });
    optimizer.dispose();
    tf.dispose(variables);
  });

  it.each(names)('continue after saving and loading as without: %s', async (name) => {
    const { variables, gradients } = problem(`saved ${name}`);
    const [optimizer, resumed] = [makers[name]!(), makers[name]!()];
    const step = (to: tf.Optimizer, i: number) => {
      const given = gradients(i);
      apply(to, given);
      tf.dispose(given.map(({ tensor }) => tensor!));
    };
    for (let i = 1; i < 4; i++) step(optimizer, i);
    const before = variables.map((variable) => tf.clone(variable));
    const weights = (await optimizer.getWeights()).map(({ name, tensor }) => ({
      name,
      tensor: tensor.clone(),
    }));
    await resumed.setWeights(weights);
    step(optimizer, 4);
    const expected = variables.map((variable) => [...variable.dataSync()]);
    for (const [i, variable] of variables.entries()) variable.assign(before[i]!);
    step(resumed, 4);
    // TensorFlow.js restores Adam's powers of beta by another formula.
    for (const [i, variable] of variables.entries())
      for (const [j, value] of [...variable.dataSync()].entries())
        expect(value).toBeCloseTo(expected[i]![j]!, 6);
    for (const each of [optimizer, resumed]) each.dispose();
    tf.dispose([variables, before]);
  });

  it.each(names)('update twice what is given twice: %s', (name) => {
    const update = (given: (name: string) => Named[]) => {
      const variable = tf.variable(tf.tensor1d([1, -2]));
      const optimizer = makers[name]!();
      for (const each of given(variable.name)) apply(optimizer, each);
      const values = [...variable.dataSync()];
      optimizer.dispose();
      variable.dispose();
      return values;
    };
    const gradient = tf.tensor1d([0.5, 0.25]);
    const twice = update((name) => [
      [
        { name, tensor: gradient },
        { name, tensor: gradient },
      ],
    ]);
    const once = update((name) => [[{ name, tensor: gradient }]]);
    expect(Math.abs(twice[0]! - 1)).toBeGreaterThan(1.5 * Math.abs(once[0]! - 1));
    gradient.dispose();
  });

  it.each(names)('pass on what is not finite: %s', (name) => {
    const variable = tf.variable(tf.tensor1d([1, 2, 3, 4]));
    const tensor = tf.tensor1d([Number.NaN, Infinity, -Infinity, 1]);
    const optimizer = makers[name]!();
    optimizer.applyGradients([{ name: variable.name, tensor }]);
    expect([...variable.dataSync()].map(Number.isFinite)).toEqual([false, false, false, true]);
    optimizer.dispose();
    tf.dispose([variable, tensor]);
  });
});

describe.each(names)('the fused update of %s', (name) => {
  const fused = name === 'adam' ? 'SamAdamW' : 'SamSgd';
  beforeAll(() => registerTrainingKernels());

  async function kernelsOf(variable: tf.Variable, tensor: tf.Tensor): Promise<string[]> {
    const optimizer = makers[name]!();
    const { kernelNames } = await tf.profile((() =>
      optimizer.applyGradients([{ name: variable.name, tensor }])) as unknown as () => tf.Tensor);
    optimizer.dispose();
    return kernelNames;
  }

  it('runs on wasm, and nowhere else', async () => {
    for (const backend of ['wasm', 'cpu']) {
      await tf.setBackend(backend);
      const [variable, tensor] = [tf.variable(tf.ones([2])), tf.ones([2])];
      const kernels = await kernelsOf(variable, tensor);
      if (backend === 'wasm') expect(kernels).toContain(fused);
      else expect(kernels).not.toContain(fused);
      tf.dispose([variable, tensor]);
    }
  });

  it('leaves a gradient of another shape to TensorFlow.js', async () => {
    await tf.setBackend('wasm');
    const [variable, tensor] = [tf.variable(tf.ones([2])), tf.scalar(1)];
    expect(await kernelsOf(variable, tensor)).not.toContain(fused);
    tf.dispose([variable, tensor]);
  });
});
