import { createHash } from 'node:crypto';

/** Examples in plain arrays, so that a batch is made without a device, on the machine that trains. */
export interface Examples {
  /** All inputs, one after the other, row-major. Bytes count as fractions of `scale`. */
  readonly inputs: Float32Array | Uint8Array;
  /** Class of each example, or its numbers to predict one after the other. */
  readonly targets: Int32Array | Float32Array;
  readonly size: number;
}

/** A data set as its part loads it. */
export interface Data {
  /** Shape of one input: `[height, width, channels]`, `[features]`, `[time, features]`. */
  readonly shape: readonly number[];
  /** The divisor of a byte; 1 for floats. */
  readonly scale: number;
  /** Number of classes; undefined where targets are numbers. */
  readonly classes?: number | undefined;
  /** Numbers to predict per example, where targets are numbers. */
  readonly outputs?: number | undefined;
  readonly train: Examples;
  /** Held out; undefined where the source has one part only, which the task then splits. */
  readonly test?: Examples | undefined;
}

const bytesOf = (array: Float32Array | Uint8Array | Int32Array): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

/** SHA-256 of a data set's numbers, shapes included: equal data have equal checksums, wherever they came from. */
export function checksum(data: Data): string {
  const { shape, scale, classes, outputs, train, test } = data;
  const hash = createHash('sha256').update(
    JSON.stringify([shape, scale, classes ?? null, outputs ?? null, train.size, test?.size ?? null]),
  );
  for (const part of [train, test]) {
    if (part) hash.update(bytesOf(part.inputs)).update(bytesOf(part.targets));
  }
  return hash.digest('hex').slice(0, 20);
}

/** Numbers in one input. */
export const inputLength = ({ shape }: Pick<Data, 'shape'>): number => shape.reduce((n, axis) => n * axis, 1);
