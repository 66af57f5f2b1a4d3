import type { LabelledPixels } from './labelled-images.js';

/** The set that a file is of: CIFAR-100 has a coarse label before the fine one. */
export type CifarKind = 'cifar-10' | 'cifar-100';

const side = 32;
const channels = 3;
const plane = side * side;

/**
 * Reads a file of CIFAR's binary version: records of one label (CIFAR-100: two, the second is taken) and 3,072 bytes, red,
 * green and blue one after the other, which become interleaved.
 *
 * @param bytes - One file, or several joined.
 * @throws RangeError when the length is no whole number of records, or a label is out of range.
 * @see Krizhevsky 2009, "Learning multiple layers of features from tiny images".
 */
export function readCifar(bytes: Uint8Array, kind: CifarKind): LabelledPixels {
  const labels = kind === 'cifar-10' ? 1 : 2;
  const record = labels + channels * plane;
  const count = bytes.length / record;
  if (!Number.isInteger(count) || count === 0) {
    throw new RangeError(`readCifar: expected records of ${record} bytes, got ${bytes.length} bytes`);
  }
  const pixels = new Uint8Array(count * channels * plane);
  const classes = new Uint8Array(count);
  const limit = kind === 'cifar-10' ? 10 : 100;
  for (let image = 0; image < count; image++) {
    const start = image * record + labels;
    classes[image] = bytes[start - 1]!;
    if (classes[image]! >= limit) {
      throw new RangeError(
        `readCifar: expected labels below ${limit}, got ${classes[image]} in record ${image}`,
      );
    }
    for (let p = 0; p < plane; p++) {
      for (let c = 0; c < channels; c++)
        pixels[(image * plane + p) * channels + c] = bytes[start + c * plane + p]!;
    }
  }
  return { pixels, classes, shape: [side, side, channels], maximum: 255 };
}
