// Trains in a thread of its own, so that the page stays smooth.
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import '@tensorflow/tfjs-backend-cpu';
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { prepareBackend } from '@tfjs-sam/backends';
import { ascentStep, euclideanMetric, makeOracle, type PerturbationMetric } from '@tfjs-sam/core';
import { createDefaultRegistry } from 'tfjs-sam';
import { lossOf } from '../../../surfaces/formula.mjs';
import type { Answer, Epoch, Place, Request } from './messages.js';

/** Where the site stands: the bundler says it. */
declare const BASE: string;

const answer = (message: Answer) => self.postMessage(message);
const registry = createDefaultRegistry();
/** Requests that a newer one has made stale are dropped between two chunks. */
const newest = new Map<string, number>();
const pause = () => new Promise((resolve) => setTimeout(resolve));

/** Variants that can be made from a base, ρ and nothing else. */
function selectable(): string[] {
  return registry.list('variant').filter((name) => {
    const rows = registry.describe(name, 'variant');
    return (
      rows.some((row) => row.name === 'base') && rows.every((row) => !row.required || row.name === 'base')
    );
  });
}

function optimizerOf(variant: string, rho: number, learningRate: number, momentum = 0): tf.Optimizer {
  const base = { name: 'sgd', learningRate, momentum } as const;
  if (variant === 'gd' || variant === 'sgd') return registry.build('base-optimizer', base);
  const takesRho = registry.describe(variant, 'variant').some((row) => row.name === 'rho');
  return registry.create({ variant, base, ...(takesRho && { rho }) } as Parameters<
    typeof registry.create
  >[0]);
}

let walks = 0;

async function walk(request: Extract<Request, { kind: 'walk' }>): Promise<void> {
  const loss = lossOf(request.formula);
  const metric = registry.build('metric', { name: request.metric } as Parameters<
    typeof registry.build<'metric'>
  >[1]);
  for (const variant of request.variants) {
    // A name that methods of normalisation layers look for, and one example for those that look at single ones. The walk of a
    // newer request begins before an older one has ended: each has a name of its own.
    walks += 1;
    const weights = tf.variable(tf.tensor1d([...request.start]), true, `batch_normalization_${walks}/gamma`);
    const value = () => tf.tidy(() => loss(tf.gather(weights, 0), tf.gather(weights, 1)) as tf.Scalar);
    const closure = variant === 'gd' ? value : () => tf.reshape(value(), [1]) as unknown as tf.Scalar;
    const optimizer = optimizerOf(variant, request.rho, request.learningRate);
    let places: Place[] = [];
    try {
      for (let step = 0; step <= request.steps; step++) {
        places.push(placeOf(weights, value, metric as PerturbationMetric, request.rho));
        if (step < request.steps) optimizer.minimize(closure, false, [weights]);
        if (step % 40 === 39 || step === request.steps) {
          answer({ kind: 'walk', id: request.id, variant, places, done: step === request.steps });
          places = [];
          await pause();
          if (newest.get('walk') !== request.id) break;
        }
      }
    } finally {
      optimizer.dispose();
      weights.dispose();
    }
    if (newest.get('walk') !== request.id) return;
  }
}

function placeOf(
  weights: tf.Variable,
  loss: () => tf.Scalar,
  metric: PerturbationMetric,
  rho: number,
): Place {
  return tf.tidy(() => {
    const oracle = makeOracle(loss, [weights]);
    const { loss: value, gradient } = oracle.evaluate();
    const [x, y] = weights.dataSync();
    return { point: [x!, y!], loss: value.dataSync()[0]!, ball: ballOf(metric, gradient, oracle, rho) };
  });
}

/** The outline of δᵀGδ = ρ²; none for what is no metric (a p-norm). */
function ballOf(
  metric: PerturbationMetric,
  gradient: tf.Tensor[],
  oracle: ReturnType<typeof makeOracle>,
  rho: number,
) {
  if (typeof metric.at !== 'function') return [];
  const inner = metric.at(gradient, oracle);
  const column = (v: number[]) => [...inner.apply([tf.tensor1d(v)])[0]!.dataSync()];
  const [a, b] = column([1, 0]) as [number, number];
  const c = column([0, 1])[1]!;
  return Array.from({ length: 48 }, (_, i) => {
    const [x, y] = [Math.cos((i * Math.PI) / 24), Math.sin((i * Math.PI) / 24)];
    const length = rho / Math.sqrt(a * x * x + 2 * b * x * y + c * y * y);
    return [length * x, length * y] as const;
  });
}

function grid({ id, formula, x, y, columns, rows }: Extract<Request, { kind: 'grid' }>): void {
  const loss = lossOf(formula);
  const values = tf.tidy(() => {
    const xs = tf.tile(tf.reshape(tf.linspace(x[0], x[1], columns), [1, columns]), [rows, 1]);
    const ys = tf.tile(tf.reshape(tf.linspace(y[1], y[0], rows), [rows, 1]), [1, columns]);
    return tf.add(loss(xs, ys), tf.zeros([rows, columns])).dataSync() as Float32Array;
  });
  answer({ kind: 'grid', id, values: Float32Array.from(values) });
}

/** A perceptron of 64, 32 and 10 units: weights that are the same for both sides, and its logits. */
function network() {
  const layer = (inputs: number, units: number, seed: number) => [
    tf.variable(tf.randomNormal([inputs, units], 0, Math.sqrt(2 / inputs), 'float32', seed)),
    tf.variable(tf.zeros([units])),
  ];
  const variables = [...layer(64, 32, 1), ...layer(32, 10, 2)];
  const [w1, b1, w2, b2] = variables as [tf.Variable, tf.Variable, tf.Variable, tf.Variable];
  const logits = (images: tf.Tensor) => {
    const flat = tf.reshape(images, [-1, 64]) as tf.Tensor2D;
    const hidden = tf.relu(tf.add(tf.matMul(flat, w1 as unknown as tf.Tensor2D), b1)) as tf.Tensor2D;
    return tf.add(tf.matMul(hidden, w2 as unknown as tf.Tensor2D), b2);
  };
  return { variables, logits };
}

const crossEntropy = (labels: tf.Tensor, logits: tf.Tensor) =>
  tf.losses.softmaxCrossEntropy(labels, logits) as tf.Scalar;

async function digits(request: Extract<Request, { kind: 'digits' }>): Promise<void> {
  // A fifth of the worker's weight, for those who train.
  const { loadDigits } = await import('./digits.js');
  const { train, test, dispose } = loadDigits({ seed: 1, testFraction: 0.5 });
  const sides = request.variants.map((variant) => ({
    ...network(),
    optimizer: optimizerOf(variant, request.rho, request.learningRate, 0.9),
  }));
  for (let epoch = 0; epoch < request.epochs && newest.get('digits') === request.id; epoch++) {
    for (const [side, { variables, logits, optimizer }] of sides.entries()) {
      for (const { xs, ys } of train.batches({ batchSize: 32, seed: 1, epoch })) {
        optimizer.minimize(() => crossEntropy(ys, logits(xs)), false, variables);
        tf.dispose([xs, ys]);
      }
      answer({
        kind: 'epoch',
        id: request.id,
        side: side as 0 | 1,
        epoch: measured(epoch, variables, logits, train, test),
      });
      await pause();
    }
  }
  for (const { variables, optimizer } of sides) {
    optimizer.dispose();
    tf.dispose(variables);
  }
  dispose();
}

type Images = ReturnType<typeof import('./digits.js').loadDigits>['train'];

function measured(
  epoch: number,
  variables: tf.Variable[],
  logits: (images: tf.Tensor) => tf.Tensor,
  train: Images,
  test: Images,
): Epoch {
  return tf.tidy(() => {
    const outputs = logits(test.images);
    const right = tf.equal(tf.argMax(outputs, 1), tf.argMax(test.labels, 1));
    const oracle = makeOracle(() => crossEntropy(train.labels, logits(train.images)), variables);
    const { loss, gradient } = oracle.evaluate();
    const perturbation = ascentStep(euclideanMetric().at(gradient, oracle), gradient, 0.1);
    const perturbed = oracle.evaluate({ perturbation }).loss;
    const number = (tensor: tf.Tensor) => tensor.dataSync()[0]!;
    return {
      epoch: epoch + 1,
      trainLoss: number(loss),
      testLoss: number(crossEntropy(test.labels, outputs)),
      testAccuracy: number(tf.mean(tf.cast(right, 'float32'))),
      sharpness: number(perturbed) - number(loss),
    };
  });
}

let prepared: Promise<unknown> | undefined;
function prepare() {
  prepared ??= (async () => {
    setWasmPaths(`${BASE}wasm/`);
    await prepareBackend({ log: () => {} });
  })();
  return prepared;
}

self.onmessage = async ({ data }: MessageEvent<Request>) => {
  if ('id' in data) newest.set(data.kind, data.id);
  try {
    await prepare();
    if (data.kind === 'variants') {
      const metrics = ['euclidean', 'elementwise', 'monge', 'fisher', 'hessian-diagonal'];
      answer({ kind: 'ready', backend: tf.getBackend(), variants: selectable(), metrics });
    } else if (data.kind === 'grid') grid(data);
    else if (data.kind === 'walk') await walk(data);
    else await digits(data);
  } catch (error) {
    answer({
      kind: 'error',
      id: 'id' in data ? data.id : 0,
      message: error instanceof Error ? error.message : String(error),
    });
  }
};
