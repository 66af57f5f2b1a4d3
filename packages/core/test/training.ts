import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '@tfjs-sam/core';
import { type ToyProblem, toyProblem } from '@tfjs-sam/testing';

/** Every optimizer of TensorFlow.js's own. */
export const tfTrain: Readonly<Record<string, (learningRate: number) => tf.Optimizer>> = {
  sgd: (learningRate) => tf.train.sgd(learningRate),
  momentum: (learningRate) => tf.train.momentum(learningRate, 0.9),
  rmsprop: (learningRate) => tf.train.rmsprop(learningRate, 0.9),
  adagrad: (learningRate) => tf.train.adagrad(learningRate),
  adadelta: (learningRate) => tf.train.adadelta(learningRate),
  adam: (learningRate) => tf.train.adam(learningRate),
  adamax: (learningRate) => tf.train.adamax(learningRate),
};

/** A place in memory, that holds what a file would hold. */
export function memory(): tf.io.IOHandler & { readonly artifacts: tf.io.ModelArtifacts } {
  let held: tf.io.ModelArtifacts = {};
  return {
    get artifacts() {
      return held;
    },
    save: async (artifacts) => {
      held = JSON.parse(JSON.stringify({ ...artifacts, weightData: undefined })) as tf.io.ModelArtifacts;
      held.weightData = tf.io.CompositeArrayBuffer.join(artifacts.weightData!).slice(0);
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    },
    load: async () => held,
  };
}

/** Runs `steps` steps on the toy problem's batches. */
export function train(optimizer: tf.Optimizer, problem: ToyProblem, steps: number, from = 0): void {
  for (let i = from; i < from + steps; i++)
    optimizer.minimize(() => problem.loss(i), false, problem.variables);
}

/** Makes the problem and an optimizer for `f`, and disposes both. */
export async function withProblem(
  optimizerOf: () => tf.Optimizer,
  f: (problem: ToyProblem, optimizer: tf.Optimizer) => unknown,
): Promise<void> {
  const problem = toyProblem();
  const optimizer = optimizerOf();
  await f(problem, optimizer);
  optimizer.dispose();
  problem.dispose();
}

/** A named tensor as plain numbers. */
export interface Saved {
  readonly name: string;
  readonly shape: number[];
  readonly values: number[];
}

/** The optimizer's whole state as plain numbers. */
export async function stateOf(optimizer: tf.Optimizer): Promise<Saved[]> {
  const weights = await optimizer.getWeights();
  const saved = weights.map(({ name, tensor }) => ({
    name,
    shape: [...tensor.shape],
    values: [...tensor.dataSync()],
  }));
  for (const { name, tensor } of weights) if (/(^|\/)iter$/.test(name)) tensor.dispose();
  return saved;
}

/** Gives an optimizer the state that `stateOf` gave. */
export async function restore(optimizer: tf.Optimizer, saved: readonly Saved[]): Promise<void> {
  const weights = saved.map(({ name, shape, values }): NamedTensor => {
    return { name, tensor: tf.tensor(values, shape, name.endsWith('iter') ? 'int32' : 'float32') };
  });
  try {
    await optimizer.setWeights(weights);
  } finally {
    for (const { tensor } of weights) tensor.dispose();
  }
}

/** Largest difference of two lists of numbers. */
export function distance(a: readonly number[][], b: readonly number[][]): number {
  return Math.max(...a.flatMap((values, i) => values.map((value, j) => Math.abs(value - b[i]![j]!))));
}
