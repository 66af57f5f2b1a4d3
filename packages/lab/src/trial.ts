import * as tf from '@tensorflow/tfjs';
import { byObjective, cosineDecay } from '@tfjs-sam/core';
import { type LabelledImages, permutation, seededRandom, type TrainTestSplit } from '@tfjs-sam/datasets';
import { softmaxCrossEntropy } from '@tfjs-sam/wasm-kernels';
import { median } from 'simple-statistics';
import type { ModelName } from './model-names.js';
import { createModel } from './models.js';
import type { EpochRecord, RunKey, RunRecord } from './records.js';
import type { Variant } from './variant.js';

/** What one training is made of. */
export interface TrialOptions {
  readonly variant: Variant;
  readonly model: ModelName;
  /** Names the initial weights and the order of the batches: the same for every variant. */
  readonly seed: number;
  readonly epochs: number;
  readonly batchSize: number;
  /** Learning rate of the first step; it falls to zero along half a cosine. */
  readonly learningRate: number;
  readonly momentum: number;
  /** Radius ρ; the variant's own default when left out. */
  readonly rho?: number | undefined;
}

/** Steps that do not count for the step time: the first ones compile code and grow memory. */
const warmUpSteps = 10;

const crossEntropy = (labels: tf.Tensor, logits: tf.Tensor): tf.Scalar =>
  softmaxCrossEntropy(labels, logits, 'mean') as tf.Scalar;

/**
 * One training of one model by one variant, an epoch at a time, so that several of them can take turns.
 *
 * Everything random follows from the seed: two trials with equal options give equal losses on one machine.
 * Owns its model and optimizer: call {@link Trial.dispose} when done.
 */
export class Trial {
  readonly key: RunKey;
  readonly #options: TrialOptions;
  readonly #data: TrainTestSplit;
  readonly #model: tf.Sequential;
  /** Named for the optimizer, which would else take those of every trial that is alive. */
  readonly #variables: tf.Variable[];
  readonly #optimizer: tf.Optimizer;
  readonly #stepMs: number[] = [];
  #last: EpochRecord | undefined;

  constructor(options: TrialOptions, data: TrainTestSplit) {
    const { variant, model, seed, momentum, rho } = options;
    const stepsPerEpoch = Math.max(1, Math.floor(data.train.size / options.batchSize));
    this.key = { model, variant: variant.name, seed };
    this.#options = options;
    this.#data = data;
    this.#model = createModel(model, seed);
    this.#variables = this.#model.trainableWeights.map((weight) => weight.read() as tf.Variable);
    this.#optimizer = variant.create({
      learningRate: cosineDecay(options.learningRate, 0, options.epochs * stepsPerEpoch),
      momentum,
      rho,
      seed,
      examples: data.train.size,
      refreshEvery: stepsPerEpoch,
      exampleLosses: (step) => this.#exampleLosses(step),
    });
  }

  /** Trains for one more epoch, then measures losses and accuracy, outside the timed steps. */
  async runEpoch(): Promise<EpochRecord> {
    const epoch = (this.#last?.epoch ?? 0) + 1;
    const { batchSize, seed } = this.#options;
    const firstStep = this.#stepMs.length;
    // Whole batches only: the last two examples alone would shake the weights just before they are measured.
    const order = { batchSize, seed, epoch: epoch - 1, smallLastBatch: false };
    for (const { xs, ys } of this.#data.train.batches(order)) {
      this.#stepMs.push(await this.#timedStep(xs, ys));
      tf.dispose([xs, ys]);
    }
    const train = await this.#measure(this.#data.train);
    const test = await this.#measure(this.#data.test);
    this.#last = {
      type: 'epoch',
      ...this.key,
      epoch,
      trainLoss: train.loss,
      testLoss: test.loss,
      testAccuracy: test.accuracy,
      stepMs: median(this.#stepMs.slice(firstStep)),
    };
    return this.#last;
  }

  /**
   * How the run stands.
   *
   * @throws Error before the first epoch.
   */
  result(): RunRecord {
    if (!this.#last) throw new Error('trial: expected at least one epoch before the result');
    const { epoch, trainLoss, testLoss, testAccuracy } = this.#last;
    const times = this.#stepMs;
    // A run too short for the whole warm-up still keeps its later half.
    const timed = times.slice(Math.min(warmUpSteps, Math.floor(times.length / 2)));
    return {
      type: 'run',
      ...this.key,
      epochs: epoch,
      steps: times.length,
      trainLoss,
      testLoss,
      testAccuracy,
      stepMs: median(timed),
      trainSeconds: times.reduce((sum, ms) => sum + ms, 0) / 1000,
    };
  }

  /** Frees the model and the optimizer's state. */
  dispose(): void {
    this.#model.dispose();
    this.#optimizer.dispose();
  }

  /** Every training example's own loss, in an order drawn for this step: who needs a few takes the first. */
  #exampleLosses(step: number): (() => tf.Scalar)[] {
    const { images, labels, size } = this.#data.train;
    const one = (tensor: tf.Tensor, index: number): tf.Tensor => tf.slice(tensor, index, 1);
    return Array.from(
      permutation(size, seededRandom(this.key.seed, step, 1)),
      (index) => () => crossEntropy(one(labels, index), this.#model.apply(one(images, index)) as tf.Tensor),
    );
  }

  async #timedStep(xs: tf.Tensor, ys: tf.Tensor): Promise<number> {
    const { ascentLoss } = this.#options.variant;
    const logits = (): tf.Tensor2D => this.#model.apply(xs, { training: true }) as tf.Tensor2D;
    const descent = (): tf.Scalar => crossEntropy(ys, logits());
    const closure = ascentLoss
      ? byObjective({ ascent: () => ascentLoss(ys as tf.Tensor2D, logits()), descent })
      : descent;
    const start = performance.now();
    const cost = this.#optimizer.minimize(closure, true, this.#variables) as tf.Scalar;
    // Backends that queue their work have finished the step when a value computed in it can be read.
    await cost.data();
    const elapsed = performance.now() - start;
    cost.dispose();
    return elapsed;
  }

  async #measure({ images, labels }: LabelledImages): Promise<{ loss: number; accuracy: number }> {
    const [loss, accuracy] = tf.tidy(() => {
      const logits = this.#model.apply(images) as tf.Tensor2D;
      const correct = tf.equal(tf.argMax(logits, 1), tf.argMax(labels, 1));
      return [crossEntropy(labels, logits), tf.mean(tf.cast(correct, 'float32'))];
    }) as [tf.Scalar, tf.Scalar];
    const values = { loss: (await loss.data())[0]!, accuracy: (await accuracy.data())[0]! };
    tf.dispose([loss, accuracy]);
    return values;
  }
}
