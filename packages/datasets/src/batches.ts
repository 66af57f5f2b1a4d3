import * as tf from '@tensorflow/tfjs-core';
import { requireInteger } from './check.js';
import { permutation, seededRandom } from './random.js';

/** Images and labels of one step. Who takes a batch disposes it (`model.fitDataset` does so itself). */
export interface Batch {
  /** `[batch, height, width, channels]`, or whatever shape the examples have behind the first axis. */
  readonly xs: tf.Tensor;
  /** `[batch, classes]`, one-hot. */
  readonly ys: tf.Tensor;
  /** Lets a batch be passed where TensorFlow.js expects a dictionary of tensors. */
  readonly [name: string]: tf.Tensor;
}

/** The way in which examples are cut into batches. */
export interface BatchOptions {
  /** Examples in a batch, an integer >= 1. Default 32. */
  readonly batchSize?: number;
  /**
   * Ends an epoch with a smaller batch of what remains. Default true, as in `tf.data`; false leaves the
   * remainder out (of a shuffled epoch, another one each time), so that every gradient is of `batchSize` examples.
   */
  readonly smallLastBatch?: boolean;
  /** Gives each epoch a random order of its own. Default true; false keeps the order of the data. */
  readonly shuffle?: boolean;
  /** Names the orders, an integer >= 0: equal seeds give equal orders, on every machine. Default 0. */
  readonly seed?: number;
}

/** {@link BatchOptions}, and which epoch of the seed's sequence of orders is wanted. */
export interface EpochOptions extends BatchOptions {
  /** Number of the epoch, an integer >= 0. Default 0. */
  readonly epoch?: number;
}

/** The batches of one epoch, one `next` at a time. */
export interface BatchIterator {
  /** The next batch, until `done`. Who takes it disposes it. */
  next(): Promise<IteratorResult<Batch>>;
}

/** The part of `tf.data.Dataset` that `model.fitDataset` and `model.evaluateDataset` use. */
export interface BatchDataset {
  /** Batches per epoch. */
  readonly size: number;
  /** The batches of one epoch. The first iterator that is read gives epoch 0, the next one epoch 1, and so on. */
  iterator(): Promise<BatchIterator>;
}

/** Yields the batches of one epoch, gathered on the device. */
export function* batchesOf(
  xs: tf.Tensor,
  ys: tf.Tensor,
  { batchSize = 32, smallLastBatch = true, shuffle = true, seed = 0, epoch = 0 }: EpochOptions,
): Generator<Batch, void, undefined> {
  requireInteger('batches', 'batchSize', batchSize, 1);
  requireInteger('batches', 'seed', seed, 0);
  requireInteger('batches', 'epoch', epoch, 0);
  const size = xs.shape[0] as number;
  const order = shuffle ? permutation(size, seededRandom(seed, epoch)) : undefined;
  for (let start = 0; start < (smallLastBatch ? size : size - batchSize + 1); start += batchSize) {
    const end = Math.min(start + batchSize, size);
    yield order ? gathered(xs, ys, order.subarray(start, end)) : sliced(xs, ys, start, end - start);
  }
}

function gathered(xs: tf.Tensor, ys: tf.Tensor, chosen: Int32Array): Batch {
  return tf.tidy(() => {
    // A copy: the cpu backend keeps the array that it is given, and a view would keep the whole order alive.
    const indices = tf.tensor1d(chosen.slice(), 'int32');
    return { xs: tf.gather(xs, indices), ys: tf.gather(ys, indices) };
  });
}

function sliced(xs: tf.Tensor, ys: tf.Tensor, start: number, count: number): Batch {
  return { xs: tf.slice(xs, start, count), ys: tf.slice(ys, start, count) };
}

/** The same batches in the form that `model.fitDataset` reads. */
export function datasetOf(xs: tf.Tensor, ys: tf.Tensor, options: BatchOptions): BatchDataset {
  const { batchSize = 32, smallLastBatch = true } = options;
  const batches = (xs.shape[0] as number) / batchSize;
  requireInteger('batches', 'batchSize', batchSize, 1);
  let epochsBegun = 0;
  return {
    size: smallLastBatch ? Math.ceil(batches) : Math.floor(batches),
    async iterator() {
      // Begun at the first read: fitDataset asks for one iterator more than it reads.
      let epoch: Generator<Batch, void, undefined> | undefined;
      return {
        async next(): Promise<IteratorResult<Batch>> {
          epoch ??= batchesOf(xs, ys, { ...options, epoch: epochsBegun++ });
          return epoch.next() as IteratorResult<Batch>;
        },
      };
    },
  };
}
