/**
 * Small real data for TensorFlow.js, embedded, and readers for data that you bring.
 *
 * @packageDocumentation
 */
export type { Batch, BatchDataset, BatchIterator, BatchOptions, EpochOptions } from './batches.js';
export { type CifarKind, readCifar } from './cifar.js';
export { type DigitsOptions, digitPixels, loadDigits } from './digits.js';
export { type IdxArray, readIdx } from './idx.js';
export { LabelledImages, type LabelledPixels, type TrainTestSplit } from './labelled-images.js';
export { type FileSource, loadMnist, type MnistFiles } from './mnist.js';
export { permutation, type Random, seededRandom } from './random.js';
