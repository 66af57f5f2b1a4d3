import { renameSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { type Checked, cosineDecay, definePart, integer, number, part, sgd } from '@tfjs-sam/core';
import { isSystemError } from '../errors.js';
import { hashOf } from '../study/identity.js';
import { restoreCheckpoint, writeCheckpoint } from '../trial/checkpoint.js';
import { seeded } from '../trial/seeded.js';
import { loadSupervised, type SupervisedOptions } from '../trial/supervised.js';
import type { LoadedTask, Preparation, Problem } from '../trial/task.js';
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

/** The first training, up to some epoch: it can be long, so that it is kept and gone on with. */
class Pretraining {
  readonly #options: Options;
  readonly #seed: number;
  readonly #task: LoadedTask;
  readonly #problem: Problem;
  readonly #optimizer: tf.Optimizer;
  readonly #preparation: Preparation;
  #steps = 0;
  #saved = performance.now();

  constructor(options: Options, seed: number, task: LoadedTask, problem: Problem, preparation: Preparation) {
    this.#options = options;
    this.#seed = seed;
    this.#task = task;
    this.#problem = problem;
    this.#preparation = preparation;
    const learningRate = cosineDecay(options.learningRate, 0, task.epochs * task.stepsPerEpoch);
    this.#optimizer = sgd({ learningRate, momentum: options.momentum });
  }

  /** Trains to the end. @returns All weights. */
  async run(): Promise<Weights[]> {
    try {
      for (let epoch = await this.#restored(); epoch < this.#task.epochs; epoch++) {
        await this.#epoch(epoch);
        await this.#keep(epoch + 1);
      }
      return this.#problem.state.map(({ variable }) => ({
        shape: variable.shape,
        values: variable.dataSync().slice() as Float32Array,
      }));
    } finally {
      this.#optimizer.dispose();
    }
  }

  async #epoch(epoch: number): Promise<void> {
    for (const batch of this.#problem.batches(epoch)) {
      seeded('pretraining', this.#seed, this.#steps++, () =>
        this.#optimizer.minimize(() => batch.loss() as tf.Scalar, false, this.#problem.variables),
      );
      batch.dispose();
      await this.#preparation.pause();
    }
  }

  /** The file of this training: a name for all that it follows from, within a study. */
  get #path(): string | undefined {
    const { keep } = this.#preparation;
    return keep && join(keep.folder, hashOf([keyOf(this.#options), this.#task.checksum, this.#seed]));
  }

  /** Epochs that are done already. */
  async #restored(): Promise<number> {
    const path = this.#path;
    const kept = path && (await restoreCheckpoint<{ epochs: number }>(path, this.#problem, this.#optimizer));
    const epochs = kept ? kept.epochs : 0;
    this.#steps = epochs * this.#task.stepsPerEpoch;
    return epochs;
  }

  async #keep(epochs: number): Promise<void> {
    const path = this.#path;
    const due = performance.now() - this.#saved > 1000 * (this.#preparation.keep?.seconds ?? 0);
    if (!path || (!due && epochs < this.#task.epochs)) return;
    this.#saved = performance.now();
    // Another process may do the same training: what it writes is the same.
    const temporary = `${path}-${process.pid}.tmp`;
    try {
      await writeCheckpoint(temporary, this.#problem, this.#optimizer, { epochs });
      renameSync(temporary, path);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      console.warn(`No checkpoint of a pre-trained model after epoch ${epochs}: ${error.message}`);
    }
  }
}

/** Weights after the first training: a function of the options and the seed alone. */
async function learnt(given: Options, seed: number, preparation: Preparation): Promise<Weights[]> {
  const task = await loadSupervised(supervisedBy(given));
  const problem = await task.problem(seed, preparation);
  try {
    return await new Pretraining(given, seed, task, problem, preparation).run();
  } finally {
    problem.dispose();
  }
}

const keyOf = ({ model, dataset, ...rest }: Options): string =>
  JSON.stringify(['pretrained', model.key, dataset.key, dataset.treatment, rest]);

/** Trainings of one process: every arm starts from the same ones. */
const known = new Map<string, Promise<Weights[]>>();

function learntOnce(given: Options, seed: number, preparation: Preparation): Promise<Weights[]> {
  const key = JSON.stringify([keyOf(given), seed, preparation.keep?.folder]);
  const found = known.get(key) ?? learnt(given, seed, preparation);
  known.set(key, found);
  found.catch(() => known.delete(key));
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
      key: keyOf(given),
      requireInput: (shape) => model.requireInput?.(shape),
      checksum: async () => (await loadSupervised(supervisedBy(given))).checksum,
      async create(request) {
        const { seed, preparation = { pause: async () => {} } } = request;
        const weights = await learntOnce(given, seed, preparation);
        const made = await model.create(request);
        const tensors = weights.map(({ shape, values }) => tf.tensor(values, [...shape]));
        startFromWeights(made, tensors, 'pretrained');
        tf.dispose(tensors);
        return made;
      },
    };
  },
});
