import * as tf from '@tensorflow/tfjs';
import { seededSampler } from '@tfjs-sam/core';
import { softmaxCrossEntropy } from '@tfjs-sam/wasm-kernels';
import { msam, sam } from 'tfjs-sam';
import { classes } from '../models/bench-model.js';
import { models } from '../models/index.js';
import { base, prepareTraining } from '../training.js';
import type { TrainedModel } from './models.js';

/** What trains. */
export type TrainingRule = 'sgd' | 'sam' | 'msam';

/** `fit`: `model.fit` with accuracy; `loop`: `minimize` on shuffled batches. */
export type TrainingWay = 'fit' | 'loop';

/** Which training to time. */
export interface TrainingJob {
  readonly model: TrainedModel;
  readonly rule: TrainingRule;
  readonly way: TrainingWay;
  readonly examples: number;
  readonly epochs: number;
}

/** Milliseconds of each epoch, the first included: nothing is warmed up. */
export type TrainingResult = readonly number[];

interface Data {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
  readonly batchSize: number;
}

/** Runs an epoch at a time. */
type Epoch = () => Promise<void> | void;

const optimizerOf = (rule: TrainingRule) =>
  ({ sgd: base, sam: () => sam(base()), msam: () => msam(base()) })[rule]();

function fitting(logits: tf.LayersModel, rule: TrainingRule, { x, y, batchSize }: Data): Epoch {
  const outputs = tf.layers.softmax().apply(logits.outputs[0]!) as tf.SymbolicTensor;
  const model = tf.model({ inputs: logits.inputs, outputs });
  model.compile({ optimizer: optimizerOf(rule), loss: 'categoricalCrossentropy', metrics: ['accuracy'] });
  return async () => {
    await model.fit(x, y, { epochs: 1, batchSize, verbose: 0 });
  };
}

function looping(model: tf.LayersModel, rule: TrainingRule, { x, y, batchSize }: Data): Epoch {
  const optimizer = optimizerOf(rule);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const step = (indices: Int32Array) => {
    const which = tf.tensor1d(indices, 'int32');
    const [inputs, labels] = [tf.gather(x, which), tf.gather(y, which)];
    const loss = () =>
      softmaxCrossEntropy(labels, model.apply(inputs, { training: true }) as tf.Tensor, 'mean') as tf.Scalar;
    optimizer.minimize(loss, false, variables);
  };
  return () => {
    const order = Int32Array.from(tf.util.createShuffledIndices(x.shape[0]!));
    for (let i = 0; i < order.length; i += batchSize) tf.tidy(() => step(order.slice(i, i + batchSize)));
  };
}

/** Times each epoch of a training, from its first step on. */
export async function trainingJob({
  model,
  rule,
  way,
  examples,
  epochs,
}: TrainingJob): Promise<TrainingResult> {
  await prepareTraining();
  const { layers, batch } = models[model]();
  if (!layers) throw new Error(`training: expected a model of tfjs-layers, got ${model}`);
  const [x] = seededSampler('gaussian', 2)([[examples, ...batch.x.shape.slice(1)]], 0, 0) as [tf.Tensor];
  const targets = Int32Array.from({ length: examples }, (_, i) => (i * 7) % classes);
  const y = tf.tidy(() => tf.cast(tf.oneHot(tf.tensor1d(targets, 'int32'), classes), 'float32'));
  const data = { x, y, batchSize: batch.x.shape[0]! };
  const epoch = (way === 'fit' ? fitting : looping)(layers, rule, data);
  const times: number[] = [];
  for (let i = 0; i < epochs; i++) {
    const start = performance.now();
    await epoch();
    times.push(performance.now() - start);
  }
  return times;
}
