import * as tf from '@tensorflow/tfjs';
import { type Checked, definePart, integer, type LossClosure, number, part } from '@tfjs-sam/core';
import { permutation, seededRandom } from '@tfjs-sam/datasets';
import { inputsOf, type Normalisation, normalisationOf } from '../data/batch.js';
import { checksum, type Data } from '../data/data.js';
import { type SplitData, type Splits, splitData } from '../data/splits.js';
import { glorot, heNormal } from '../models/define-model.js';
import type { Metrics } from '../results.js';
import type { LoadedTask, Problem, Split, StepBatch } from './task.js';

const options = {
  dataset: part('dataset', { doc: 'Images; their left and right halves are the two views' }),
  hidden: integer({ min: 1, default: 64, doc: 'Hidden ReLU units of each encoder' }),
  width: integer({ min: 1, default: 16, doc: 'Numbers of an embedding' }),
  temperature: number({ above: 0, default: 0.1, doc: 'Divisor of the cosines' }),
  batchSize: integer({ min: 2, default: 32, doc: 'Pairs of a step, each against all others' }),
  epochs: integer({ min: 1, default: 20, doc: 'Passes over the training split' }),
  validation: number({ above: 0, below: 1, default: 0.2, doc: 'Share held out to choose by' }),
};
type Options = Checked<typeof options>;

/** An encoder of half images. */
function encoder(inputs: number, { hidden, width }: Options, seed: number): tf.Sequential {
  let next = 1000 * seed;
  const seeds = (): number => ++next;
  return tf.sequential({
    layers: [
      tf.layers.dense({
        ...{ units: hidden, activation: 'relu', inputShape: [inputs], kernelInitializer: heNormal(seeds) },
      }),
      tf.layers.dense({ units: width, kernelInitializer: glorot(seeds) }),
    ],
  });
}

/** Rows of length one. */
const unit = (rows: tf.Tensor): tf.Tensor => tf.div(rows, tf.add(tf.norm(rows, 2, 1, true), 1e-8));

class AlignmentProblem implements Problem {
  readonly variables: tf.Variable[];
  readonly state: { readonly name: string; readonly variable: tf.Variable }[];
  readonly #encoders: readonly [tf.Sequential, tf.Sequential];
  readonly #data: Data;
  readonly #splits: Splits;
  readonly #options: Options;
  readonly #seed: number;
  readonly #normalisation: Normalisation;

  constructor(data: Data, splits: Splits, given: Options, seed: number) {
    const [height, width, channels] = data.shape as [number, number, number];
    const left = Math.floor(width / 2);
    this.#encoders = [
      encoder(height * left * channels, given, 2 * seed),
      encoder(height * (width - left) * channels, given, 2 * seed + 1),
    ];
    this.variables = this.#encoders.flatMap(({ trainableWeights }) =>
      trainableWeights.map((weight) => weight.read() as tf.Variable),
    );
    this.state = this.variables.map((variable, i) => ({ name: `w${i}`, variable }));
    this.#data = data;
    this.#splits = splits;
    this.#options = given;
    this.#seed = seed;
    this.#normalisation = normalisationOf(given.dataset.treatment.normalise, data, splits.train);
  }

  *batches(epoch: number): Generator<StepBatch, void> {
    const { batchSize } = this.#options;
    const { train } = this.#splits;
    const order = permutation(train.indices.length, seededRandom(this.#seed, epoch));
    for (let start = 0; start + batchSize <= order.length; start += batchSize) {
      const views = this.#views(train, order.subarray(start, start + batchSize));
      yield { loss: () => this.#loss(this.#cosines(views)), dispose: () => tf.dispose(views) };
    }
  }

  losses(split: Split, { batchSize = 256, examples = Number.POSITIVE_INFINITY } = {}): LossClosure[] {
    const part = this.#splits[split];
    const count = Math.min(examples, part.indices.length);
    return Array.from({ length: Math.ceil(count / batchSize) }, (_, b) => () => {
      const rows = Array.from(
        { length: Math.min(batchSize, count - b * batchSize) },
        (__, i) => b * batchSize + i,
      );
      const views = this.#views(part, rows);
      const loss = this.#loss(this.#cosines(views));
      tf.dispose(views);
      return loss;
    });
  }

  *evaluate(split: Split): Generator<void, Metrics, void> {
    const part = this.#splits[split];
    const rows = Array.from({ length: part.indices.length }, (_, i) => i);
    const views = this.#views(part, rows);
    yield;
    const [loss, accuracy] = tf.tidy(() => {
      const cosines = this.#cosines(views);
      const own = tf.range(0, rows.length, 1, 'int32');
      const found = [0, 1].map((axis) =>
        tf.mean(tf.cast(tf.equal(tf.argMax(cosines, axis), own), 'float32')),
      );
      return tf.stack([this.#loss(cosines), tf.mean(tf.stack(found))]).dataSync();
    }) as unknown as [number, number];
    tf.dispose(views);
    return { loss: Number.isFinite(loss) ? loss : null, accuracy };
  }

  dispose(): void {
    for (const each of this.#encoders) each.dispose();
  }

  /** Left and right halves of some images, flat. */
  #views(part: SplitData, rows: ArrayLike<number>): [tf.Tensor, tf.Tensor] {
    const inputs = inputsOf(this.#data, part, rows, this.#normalisation);
    const width = this.#data.shape[1]!;
    return tf.tidy(() => {
      const images = tf.tensor4d(inputs, [rows.length, ...this.#data.shape] as [
        number,
        number,
        number,
        number,
      ]);
      const halves = tf.split(images, [Math.floor(width / 2), Math.ceil(width / 2)], 2);
      return halves.map((half) => tf.reshape(half, [rows.length, -1])) as [tf.Tensor, tf.Tensor];
    });
  }

  /** Cosine of every left half with every right half. */
  #cosines(views: readonly [tf.Tensor, tf.Tensor]): tf.Tensor2D {
    const [left, right] = views.map((view, i) => unit(this.#encoders[i]!.apply(view) as tf.Tensor));
    return tf.matMul(left as tf.Tensor2D, right as tf.Tensor2D, false, true);
  }

  /** Cross-entropy of finding the other half, in both directions (InfoNCE). */
  #loss(cosines: tf.Tensor2D): tf.Scalar {
    const logits = tf.div(cosines, this.#options.temperature) as tf.Tensor2D;
    const own = tf.eye(logits.shape[0]);
    const direction = (scores: tf.Tensor2D): tf.Scalar =>
      tf.losses.softmaxCrossEntropy(own, scores) as tf.Scalar;
    return tf.div(tf.add(direction(logits), direction(tf.transpose(logits) as tf.Tensor2D)), 2);
  }
}

async function load(given: Options): Promise<LoadedTask> {
  const { dataset, batchSize, epochs, validation } = given;
  const data = await dataset.load();
  if (data.shape.length !== 3)
    throw new RangeError(`alignment: expected images, got inputs of shape [${data.shape}]`);
  const splits = splitData(data, dataset.treatment, validation, 0);
  const sizes = [splits.train, splits.validation, splits.test].map(({ indices }) => indices.length);
  if (batchSize > sizes[0]!)
    throw new RangeError(
      `expected batchSize to be at most ${sizes[0]}, the training pairs, got ${batchSize}`,
    );
  return {
    checksum: checksum(data),
    summary: `Left and right halves of images, aligned by two encoders; ${dataset.summary}: ${sizes[0]} training, ${sizes[1]} validation and ${sizes[2]} test pairs`,
    metric: 'accuracy',
    better: 'higher',
    epochs,
    stepsPerEpoch: Math.floor(sizes[0]! / batchSize),
    examples: sizes[0]!,
    validation: sizes[1]! > 0,
    problem: async (seed) => new AlignmentProblem(data, splits, given, seed),
  };
}

/** Contrastive alignment of two encoders, as of images and texts: the right half is found by the left one, and back. */
export const alignment = definePart({
  kind: 'task',
  name: 'alignment',
  doc: 'Aligns two encoders by contrast: finds the other half of an image among all',
  source: 'van den Oord et al. 2018, arXiv 1807.03748',
  options,
  create: (given) => ({ load: () => load(given) }),
});
