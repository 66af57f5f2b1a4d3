import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as tf from '@tensorflow/tfjs';
import { loadMnist, readIdx } from '@tfjs-sam/datasets';
import { beforeAll, describe, expect, it } from 'vitest';

beforeAll(() => tf.setBackend('cpu'));

/** An IDX file: magic number with type and axes, lengths, and the given bytes. */
function idx(type: number, shape: number[], body: number[]): Uint8Array {
  const lengths = shape.flatMap((n) => [n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
  return Uint8Array.from([0, 0, type, shape.length, ...lengths, ...body]);
}

/** Two images of 2×3 pixels and their labels. */
const images = idx(8, [2, 2, 3], [0, 51, 102, 153, 204, 255, 255, 0, 0, 0, 0, 1]);
const labels = idx(8, [2], [7, 0]);

describe('readIdx', () => {
  it.each([
    ['unsigned bytes', 8, [1, 255], [1, 255], Uint8Array],
    ['signed bytes', 9, [1, 255], [1, -1], Int8Array],
    ['16-bit integers', 11, [1, 2, 255, 254], [258, -2], Int16Array],
    ['32-bit integers', 12, [0, 1, 0, 2, 255, 255, 255, 255], [65538, -1], Int32Array],
    ['float32', 13, [0x3f, 0x80, 0, 0, 0xc0, 0x20, 0, 0], [1, -2.5], Float32Array],
    ['float64', 14, [0x3f, 0xf0, 0, 0, 0, 0, 0, 0, 0xc0, 4, 0, 0, 0, 0, 0, 0], [1, -2.5], Float64Array],
  ])('reads %s, big-endian', async (_, type, body, expected, kind) => {
    const array = await readIdx(idx(type, [2], body));
    expect(array.shape).toEqual([2]);
    expect(array.data).toBeInstanceOf(kind);
    expect([...array.data]).toEqual(expected);
  });

  it('reads several axes, gzip, and bytes that start inside a larger buffer', async () => {
    const plain = await readIdx(images);
    expect(plain.shape).toEqual([2, 2, 3]);
    expect(plain.data[6]).toBe(255);
    expect(await readIdx(gzipSync(images))).toEqual(plain);
    expect(await readIdx(Uint8Array.from([9, 9, ...images]).subarray(2))).toEqual(plain);
  });

  it.each([
    ['text', new TextEncoder().encode('not an idx file'), TypeError, /two zero bytes/],
    ['nothing', new Uint8Array(), TypeError, /two zero bytes/],
    ['an unknown type', idx(7, [1], [1]), TypeError, /element type of IDX, got 0x7/],
    ['half a header', idx(8, [2, 2], []).subarray(0, 8), RangeError, /header of 12 bytes, got 8/],
    ['too few bytes', images.subarray(0, -1), RangeError, /expected 28 bytes for shape \[2,2,3\], got 27/],
    ['too many bytes', Uint8Array.from([...images, 0]), RangeError, /expected 28 bytes .* got 29/],
    ['a shape beyond all numbers', idx(8, Array(255).fill(0xffffffff), []), RangeError, /got 1024$/],
    ['a gzip file with too few bytes', gzipSync(images.subarray(0, -1)), RangeError, /28 bytes .* got 27/],
    [
      'a gzip file with too many',
      gzipSync(Uint8Array.from([...images, 0])),
      RangeError,
      /28 bytes .* got more/,
    ],
    ['a gzip file that cannot hold it', gzipSync(idx(8, [1e9], [])), RangeError, /got a gzip file of \d+/],
    ['something else in a gzip file', gzipSync(Buffer.from('text')), TypeError, /two zero bytes/],
    [
      'something after a gzip file',
      Buffer.concat([gzipSync(images), Buffer.from('more')]),
      TypeError,
      /whole gzip file/,
    ],
    ['half a gzip file', gzipSync(images).subarray(0, -9), TypeError, /whole gzip file/],
  ])('refuses %s', async (_, bytes, kind, message) => {
    const failure = await readIdx(bytes).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect((failure as Error).message).toMatch(message);
  });
});

/** A file of zeros with the header of an IDX file. */
function zeros(type: number, shape: number[], length: number): Buffer {
  const file = Buffer.alloc(length);
  file.set(idx(type, shape, []));
  return file;
}

describe('readIdx of large files', () => {
  it('stops unpacking where the promise of the header ends', async () => {
    // Half a million bytes that would unpack to half a billion.
    const bomb = Buffer.concat([gzipSync(images), ...Array(512).fill(gzipSync(Buffer.alloc(1 << 20)))]);
    const started = performance.now();
    await expect(readIdx(bomb)).rejects.toThrow('expected 28 bytes for shape [2,2,3], got more');
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('does so with the web’s own unpacking, where Node’s is not there', async () => {
    const { getBuiltinModule } = process;
    process.getBuiltinModule = undefined as never;
    try {
      expect((await readIdx(gzipSync(images))).data).toEqual((await readIdx(images)).data);
      const long = Buffer.concat([gzipSync(images), gzipSync(Buffer.alloc(1 << 20))]);
      await expect(readIdx(long)).rejects.toThrow('expected 28 bytes for shape [2,2,3], got more');
      await expect(readIdx(gzipSync(images).subarray(0, -9))).rejects.toThrow('a whole gzip file');
    } finally {
      process.getBuiltinModule = getBuiltinModule;
    }
  });

  it.each([
    ['bytes', 8, 4, 1],
    ['float32', 13, 1, 4],
    ['float64', 14, 1, 8],
  ])('reads 20 MB of %s within a tenth of the time that 200 MB may take', async (_, type, rows, width) => {
    const count = 20e6 / rows / width;
    const file = zeros(type, [rows, count], 12 + 20e6);
    const started = performance.now();
    const { data } = await readIdx(file);
    // A busy machine may be four times slower.
    expect(performance.now() - started).toBeLessThan(4 * 200);
    expect(data.length).toBe(rows * count);
  });
});

describe('loadMnist', () => {
  const files = { trainImages: images, trainLabels: labels, testImages: images, testLabels: labels };

  it('gives images in [0, 1] and one-hot labels, and frees them', async () => {
    const before = tf.memory().numTensors;
    const { train, test, dispose } = await loadMnist(files);
    expect(train.images.shape).toEqual([2, 2, 3, 1]);
    expect([...train.images.dataSync()].slice(0, 6)).toEqual(
      [0, 1, 2, 3, 4, 5].map((n) => Math.fround(n / 5)),
    );
    expect([...test.labels.dataSync()]).toEqual([0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('reads paths', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tfjs-sam-idx-'));
    try {
      const path = join(folder, 'images.gz');
      await writeFile(path, gzipSync(images));
      const { test, dispose } = await loadMnist({ ...files, testImages: path });
      expect(test.size).toBe(2);
      dispose();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['labels for images', { trainImages: labels }, TypeError, /the train images to be bytes with 3 axes/],
    ['another number of labels', { testLabels: idx(8, [1], [3]) }, RangeError, /2 test labels.*got 1/],
    ['a label above 9', { trainLabels: idx(8, [2], [3, 10]) }, RangeError, /train labels in 0\.\.9, got 10/],
  ])('refuses %s and makes no tensor', async (_, wrong, kind, message) => {
    const before = tf.memory().numTensors;
    const failure = await loadMnist({ ...files, ...wrong }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(kind);
    expect((failure as Error).message).toMatch(message);
    expect(tf.memory().numTensors).toBe(before);
  });
});
