import * as tf from '@tensorflow/tfjs';
import { type Checked, cosineDecay, definePart, integer, number, part, sgd } from '@tfjs-sam/core';
import { loadSupervised, type SupervisedOptions } from '../trial/supervised.js';
import { startFromWeights } from './define-model.js';
import type { ModelPart } from './model.js';

const options = {
  model: part('model', { doc: 'Network that is trained, twice' }),
  dataset: part('dataset', {
    doc: 'Data that it learns first: other classes than the task has, or other data',
  }),
  epochs: integer({ min: 1, default: 10, doc: 'Passes over the data that it learns first' }),
  batchSize: integer({ min: 1, default: 32, doc: 'Examples of a step' }),
  learningRate: number({ above: 0, default: 0.05, doc: 'Of SGD, falling to zero along half a cosine' }),
  momentum: number({ min: 0, below: 1, default: 0.9, doc: 'Of SGD' }),
};
type Options = Checked<typeof options>;

interface Weights {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

const supervisedBy = ({ model, dataset, epochs, batchSize }: Options): SupervisedOptions => ({
  ...{ model, dataset, epochs, batchSize, labelSmoothing: 0, validation: 0, splitSeed: 0 },
  ...{ loss: undefined, adversarial: undefined },
});

/** Weights after the first training: a function of the options and the seed alone. */
async function learnt(given: Options, seed: number): Promise<Weights[]> {
  const task = await loadSupervised(supervisedBy(given));
  const problem = await task.problem(seed);
  const steps = task.epochs * task.stepsPerEpoch;
  const learningRate = cosineDecay(given.learningRate, 0, steps);
  const optimizer = sgd({ learningRate, momentum: given.momentum });
  try {
    for (let epoch = 0; epoch < task.epochs; epoch++) {
      for (const batch of problem.batches(epoch)) {
        optimizer.minimize(() => batch.loss() as tf.Scalar, false, problem.variables);
        batch.dispose();
      }
      // Messages and signals are let through.
      await new Promise((resolve) => setImmediate(resolve));
    }
    return problem.state.map(({ variable }) => ({
      shape: variable.shape,
      values: variable.dataSync().slice() as Float32Array,
    }));
  } finally {
    optimizer.dispose();
    problem.dispose();
  }
}

/** Trainings of one process: every arm starts from the same ones. */
const known = new Map<string, Promise<Weights[]>>();

function learntOnce(given: Options, seed: number): Promise<Weights[]> {
  const { model, dataset, ...rest } = given;
  const key = JSON.stringify([model.key, dataset.key, dataset.treatment, rest, seed]);
  const found = known.get(key) ?? learnt(given, seed);
  known.set(key, found);
  return found;
}

/** A model that has learnt something else before: each trial trains it first, from its seed, with SGD. */
export const pretrained = definePart({
  kind: 'model',
  name: 'pretrained',
  doc: 'A model that is first trained on other classes or data, by SGD, from the seed of the trial',
  options,
  create(given): ModelPart {
    const { model, dataset } = given;
    return {
      summary: `${model.summary}; trained before on ${dataset.summary}`,
      key: JSON.stringify(['pretrained', model.key, dataset.key, dataset.treatment]),
      requireInput: (shape) => model.requireInput?.(shape),
      checksum: async () => (await loadSupervised(supervisedBy(given))).checksum,
      async create(request) {
        const weights = await learntOnce(given, request.seed);
        const made = await model.create(request);
        const tensors = weights.map(({ shape, values }) => tf.tensor(values, [...shape]));
        startFromWeights(made, tensors, 'pretrained');
        tf.dispose(tensors);
        return made;
      },
    };
  },
});
