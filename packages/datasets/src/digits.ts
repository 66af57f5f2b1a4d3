import { requireFraction, requireInteger } from './check.js';
import { digitLines } from './digits-data.js';
import {
  type LabelledPixels,
  labelledImages,
  type TrainTestSplit,
  trainTestSplit,
} from './labelled-images.js';
import { permutation, seededRandom } from './random.js';

/** The split that {@link loadDigits} makes of the data. */
export interface DigitsOptions {
  /** Names the random split, an integer >= 0: equal seeds give equal splits, on every machine. Default 0. */
  readonly seed?: number;
  /** The part of the examples held out for testing, between 0 and 1. Default 0.2: 359 of 1,797. */
  readonly testFraction?: number;
}

const side = 8;
const digitCount = 10;

/** The embedded digits as they are stored: pixels 0 to 16 and classes, in plain arrays, without a device. */
export function digitPixels(): LabelledPixels {
  const lines = digitLines.split('\n');
  const pixels = new Uint8Array(lines.length * side * side);
  const classes = new Uint8Array(lines.length);
  lines.forEach((line, image) => {
    for (let p = 0; p < side * side; p++) pixels[image * side * side + p] = Number.parseInt(line[p]!, 17);
    classes[image] = Number(line[side * side]);
  });
  return { pixels, classes, shape: [side, side, 1], maximum: 16 };
}

/**
 * The 1,797 handwritten digits of 8×8 pixels that the package carries, split at random into train and test.
 *
 * Pixels are divided by their maximum, 16, so that they lie in [0, 1]. The digits are the test part of the UCI
 * set (13 writers); a random split shares writers between its parts, so accuracies here are higher than on
 * unknown writers. Needs no network and no file; TensorFlow.js needs a backend.
 *
 * @returns `train` and `test`, each with images `[n, 8, 8, 1]` and one-hot labels `[n, 10]`. The caller disposes.
 * @throws RangeError when `seed` is not an integer >= 0, or `testFraction` leaves a part empty.
 * @see Alpaydin & Kaynak 1998, "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository,
 *   CC BY 4.0. https://doi.org/10.24432/C50P49
 * @example
 *   const { train, test, dispose } = loadDigits({ seed: 1 });
 *   await model.fitDataset(train.dataset({ batchSize: 32, seed: 1 }), { epochs: 10 });
 *   dispose();
 */
export function loadDigits({ seed = 0, testFraction = 0.2 }: DigitsOptions = {}): TrainTestSplit {
  requireInteger('loadDigits', 'seed', seed, 0);
  requireFraction('loadDigits', 'testFraction', testFraction);
  const data = digitPixels();
  const order = permutation(data.classes.length, seededRandom(seed));
  const testSize = Math.round(order.length * testFraction);
  if (testSize === 0 || testSize === order.length) {
    throw new RangeError(
      `loadDigits: expected testFraction to leave both parts examples, got ${testFraction}`,
    );
  }
  return trainTestSplit(
    labelledImages(data, digitCount, order.subarray(testSize)),
    labelledImages(data, digitCount, order.subarray(0, testSize)),
  );
}
