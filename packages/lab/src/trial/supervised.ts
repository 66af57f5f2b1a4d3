import * as tf from '@tensorflow/tfjs';
import { zeroOneLowerBound } from '@tfjs-sam/bisam';
import {
  anyOf,
  byObjective,
  type Checked,
  crossEntropyOf,
  definePart,
  integer,
  type LossClosure,
  number,
  oneOf,
  part,
  record,
} from '@tfjs-sam/core';
import { permutation, seededRandom } from '@tfjs-sam/datasets';
import { attack } from '@tfjs-sam/sharpness';
import { softmaxCrossEntropy } from '@tfjs-sam/wasm-kernels';
import { inputsOf, type Normalisation, normalisationOf, targetsOf } from '../data/batch.js';
import { checksum, type Data } from '../data/data.js';
import type { DatasetPart } from '../data/dataset.js';
import { type SplitData, type Splits, splitData } from '../data/splits.js';
import type { Metrics } from '../results.js';
import type { LoadedTask, Piece, Predictions, Problem, Split, StepBatch } from './task.js';

const options = {
  dataset: part('dataset', { doc: 'Examples that are learnt from' }),
  model: part('model', { doc: 'Network that is trained' }),
  loss: oneOf(['cross-entropy', 'squared-error'], {
    optional: 'cross-entropy for classes, squared error for numbers',
    doc: 'Loss',
  }),
  labelSmoothing: number({
    min: 0,
    below: 1,
    default: 0,
    doc: 'Share of each label spread over all classes',
  }),
  adversarial: record(
    {
      epsilon: number({ above: 0, doc: 'Largest change of an input, normalised as it is' }),
      steps: integer({ min: 1, default: 1, doc: 'Steps of the attack, a gradient each; 1 is FGSM' }),
    },
    {
      optional: 'clean inputs',
      doc: 'Attack on every training input, of which the step learns (Madry et al. 2018, arXiv 1706.06083)',
    },
  ),
  batchSize: integer({ min: 1, default: 32, doc: 'Examples of a step' }),
  epochs: integer({ min: 1, default: 10, doc: 'Passes over the training split' }),
  validation: number({
    min: 0,
    below: 1,
    default: 0.2,
    doc: 'Share of the training part that is held out to choose by',
  }),
  splitSeed: anyOf([integer({ min: 0, doc: 'A seed' }), oneOf(['seed'], { doc: "The trial's" })], {
    default: 0,
    doc: "Seed of the split and the label noise; `seed`: the trial's, so that each seed has its own",
  }),
};

/** Complete options of the task `supervised`, its parts made. */
export type SupervisedOptions = Checked<typeof options>;

/** Examples of one step of an evaluation. */
const evaluationBatch = 256;

const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

/** Loading is what expansion and trials of one process share. */
const loaded = new Map<string, Promise<Data>>();
function loadOnce(dataset: DatasetPart): Promise<Data> {
  const known = loaded.get(dataset.key);
  if (known) return known;
  const data = dataset.load();
  loaded.set(dataset.key, data);
  data.catch(() => loaded.delete(dataset.key));
  return data;
}

/** A batch whose inputs can still be exchanged. */
interface Batch extends StepBatch {
  readonly inputs: { xs: tf.Tensor; readonly ys: tf.Tensor };
}

class SupervisedProblem implements Problem {
  readonly variables: tf.Variable[];
  readonly state: { readonly name: string; readonly variable: tf.Variable }[];
  readonly model: tf.LayersModel;
  readonly #data: Data;
  readonly #splits: Splits;
  readonly #options: SupervisedOptions;
  readonly #seed: number;
  readonly #normalisation: Normalisation;

  constructor(model: tf.LayersModel, data: Data, splits: Splits, given: SupervisedOptions, seed: number) {
    this.model = model;
    this.variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    // Numbered: names of layers count up over the life of a process.
    this.state = model.weights.map((weight, i) => ({
      name: `w${i}`,
      variable: weight.read() as tf.Variable,
    }));
    this.#data = data;
    this.#splits = splits;
    this.#options = given;
    this.#seed = seed;
    this.#normalisation = normalisationOf(given.dataset.treatment.normalise, data, splits.train);
  }

  *batches(epoch: number): Generator<StepBatch, void> {
    const { batchSize, labelSmoothing, dataset, adversarial } = this.#options;
    const { train } = this.#splits;
    const order = permutation(train.indices.length, seededRandom(this.#seed, epoch));
    const random = seededRandom(this.#seed, epoch, 1);
    // Whole batches only: a small last one would shake the weights just before they are measured.
    for (let start = 0; start + batchSize <= order.length; start += batchSize) {
      const rows = order.subarray(start, start + batchSize);
      const augmented = { ...dataset.treatment, random };
      const batch = this.#batch(train, rows, labelSmoothing, true, augmented);
      yield adversarial ? this.#attacked(batch, { ...adversarial, seed: start }) : batch;
    }
  }

  losses(
    split: Split,
    { batchSize = evaluationBatch, examples = Number.POSITIVE_INFINITY } = {},
  ): LossClosure[] {
    const part = this.#splits[split];
    const count = Math.min(examples, part.indices.length);
    return range(0, Math.ceil(count / batchSize)).map((b) => () => {
      const batch = this.#batch(part, range(b * batchSize, Math.min((b + 1) * batchSize, count)), 0, false);
      const loss = batch.loss();
      batch.dispose();
      return loss;
    });
  }

  pieces(split: Split, { batchSize = evaluationBatch, examples = Number.POSITIVE_INFINITY } = {}): Piece[] {
    const part = this.#splits[split];
    const count = Math.min(examples, part.indices.length);
    return range(0, Math.ceil(count / batchSize)).map((b) => {
      const rows = range(b * batchSize, Math.min((b + 1) * batchSize, count));
      const x = () => tf.tidy(() => this.#tensors(part, rows, 0).xs);
      const y = () => tf.tidy(() => this.#tensors(part, rows, 0).ys);
      return {
        size: rows.length,
        parts: {
          outputs: () => tf.tidy(() => this.model.apply(x(), { training: false }) as tf.Tensor),
          lossOf: (f) => tf.tidy(() => this.#lossOf(y(), f)),
          curvature: (f, u) =>
            this.#isCrossEntropy ? crossEntropyOf(f).curvature(f, u) : tf.mul(u, 2 / f.size),
        },
      };
    });
  }

  *evaluate(split: Split): Generator<void, Metrics, void> {
    const part = this.#splits[split];
    if (part.indices.length === 0) return {};
    let [loss, correct] = [0, 0];
    for (const { ys, outputs, count } of this.#outputs(part)) {
      const values = tf.tidy(() => {
        const right = this.#splits.classes
          ? tf.sum(tf.cast(tf.equal(tf.argMax(outputs, 1), tf.argMax(ys, 1)), 'float32'))
          : tf.scalar(0);
        return tf.stack([this.#lossOf(ys, outputs), right]).dataSync();
      });
      loss += values[0]! * count;
      correct += values[1]!;
      tf.dispose([ys, outputs]);
      yield;
    }
    const size = part.indices.length;
    return { loss: finite(loss / size), ...(this.#splits.classes && { accuracy: correct / size }) };
  }

  *predictions(split: Split): Generator<void, Predictions, void> {
    const part = this.#splits[split];
    const count = this.#splits.classes ?? 0;
    const logits = new Float32Array(part.indices.length * count);
    let row = 0;
    for (const { ys, outputs } of this.#outputs(part)) {
      const values = outputs.dataSync();
      logits.set(values, row);
      row += values.length;
      tf.dispose([ys, outputs]);
      yield;
    }
    return { logits, classes: part.classes ?? new Int32Array(), count };
  }

  examples(split: Split, count: number): { xs: tf.Tensor; ys: tf.Tensor } {
    const part = this.#splits[split];
    return this.#tensors(part, range(0, Math.min(count, part.indices.length)), 0);
  }

  dispose(): void {
    this.model.dispose();
  }

  *#outputs(part: SplitData): Generator<{ ys: tf.Tensor; outputs: tf.Tensor; count: number }, void> {
    for (let start = 0; start < part.indices.length; start += evaluationBatch) {
      const rows = range(start, Math.min(start + evaluationBatch, part.indices.length));
      const { xs, ys } = this.#tensors(part, rows, 0);
      const outputs = tf.tidy(() => this.model.apply(xs, { training: false }) as tf.Tensor);
      xs.dispose();
      yield { ys, outputs, count: rows.length };
    }
  }

  #tensors(
    part: SplitData,
    rows: ArrayLike<number>,
    smoothing: number,
    augmented?: Parameters<typeof inputsOf>[4],
  ): { xs: tf.Tensor; ys: tf.Tensor } {
    const { classes } = this.#splits;
    const inputs = inputsOf(this.#data, part, rows, this.#normalisation, augmented);
    const targets = targetsOf(this.#data, part, rows, classes, smoothing);
    return {
      xs: tf.tensor(inputs, [rows.length, ...this.#data.shape]),
      ys: tf.tensor(targets, [rows.length, targets.length / rows.length]),
    };
  }

  get #isCrossEntropy(): boolean {
    return (
      (this.#options.loss ?? (this.#splits.classes ? 'cross-entropy' : 'squared-error')) === 'cross-entropy'
    );
  }

  #lossOf(ys: tf.Tensor, outputs: tf.Tensor): tf.Scalar {
    if (this.#isCrossEntropy) return softmaxCrossEntropy(ys, outputs, 'mean') as tf.Scalar;
    return tf.mean(tf.squaredDifference(ys, outputs)) as tf.Scalar;
  }

  #batch(
    part: SplitData,
    rows: ArrayLike<number>,
    smoothing: number,
    training: boolean,
    augmented?: Parameters<typeof inputsOf>[4],
  ): Batch {
    const batch = this.#tensors(part, rows, smoothing, augmented);
    const { ys } = batch;
    const outputs = (): tf.Tensor2D => this.model.apply(batch.xs, { training }) as tf.Tensor2D;
    const descent = (): tf.Scalar => this.#lossOf(ys, outputs());
    // Asked for only by a rule that climbs another loss than it descends; the rule says which bound.
    const ascent = (): tf.Scalar => zeroOneLowerBound(ys as tf.Tensor2D, outputs());
    return {
      inputs: batch,
      loss: training && this.#splits.classes ? byObjective({ ascent, descent }) : descent,
      dispose: () => tf.dispose([batch.xs, ys]),
    };
  }

  /** A batch whose inputs are attacked at the weights of its step. */
  #attacked(batch: Batch, options: { epsilon: number; steps: number; seed: number }): StepBatch {
    const { inputs, ...step } = batch;
    const lossOf = (xs: tf.Tensor): tf.Scalar =>
      this.#lossOf(inputs.ys, this.model.apply(xs, { training: false }) as tf.Tensor);
    return {
      ...step,
      prepare: () => {
        const clean = inputs.xs;
        inputs.xs = attack(lossOf, clean, options);
        clean.dispose();
        return options.steps;
      },
    };
  }
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/** Loads data for a model: what the task `supervised` does. */
export async function loadSupervised(given: SupervisedOptions): Promise<LoadedTask> {
  const { dataset, model, batchSize, epochs, validation, splitSeed, loss } = given;
  const data = await loadOnce(dataset);
  const splitFor = (seed: number): Splits =>
    splitData(data, dataset.treatment, validation, splitSeed === 'seed' ? seed : splitSeed);
  const { train, validation: held, test, classes } = splitFor(0);
  const sizes = [train, held, test].map(({ indices }) => indices.length);
  if (batchSize > sizes[0]!) {
    throw new RangeError(
      `expected batchSize to be at most ${sizes[0]}, the training examples, got ${batchSize}`,
    );
  }
  if (loss === 'cross-entropy' && classes === undefined) {
    throw new RangeError('expected the loss squared-error for data without classes, got "cross-entropy"');
  }
  if (given.labelSmoothing > 0 && classes === undefined)
    throw new RangeError(
      'expected labelSmoothing to be of data with classes, got data with numbers as targets',
    );
  model.requireInput?.(data.shape);
  return {
    checksum: [checksum(data), await model.checksum?.()].filter(Boolean).join('-'),
    summary: `${model.summary}; ${dataset.summary}: ${sizes[0]} training, ${sizes[1]} validation and ${sizes[2]} test examples`,
    metric: classes ? 'accuracy' : 'loss',
    better: classes ? 'higher' : 'lower',
    classes,
    epochs,
    stepsPerEpoch: Math.floor(sizes[0]! / batchSize),
    examples: sizes[0]!,
    validation: sizes[1]! > 0,
    async problem(seed, preparation) {
      const outputs = classes ?? data.outputs ?? 1;
      const made = await model.create({ inputShape: data.shape, outputs, seed, preparation });
      return new SupervisedProblem(made, data, splitFor(seed), given, seed);
    },
  };
}

/** Learning from examples: the task of a study that names none. */
export const supervised = definePart({
  kind: 'task',
  name: 'supervised',
  doc: 'Learns classes or numbers from examples',
  options,
  create(given) {
    return { load: () => loadSupervised(given) };
  },
});
