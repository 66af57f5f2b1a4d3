import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { integer, list, location, oneOf } from '@tfjs-sam/core';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import type { Data, Examples } from './data.js';
import { defineDataset } from './dataset.js';

/** Pixels with four channels, row by row. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

const readers: Readonly<Record<string, (bytes: Buffer) => Picture>> = {
  '.png': (bytes) => PNG.sync.read(bytes),
  '.jpg': (bytes) => jpeg.decode(bytes, { useTArray: true }),
  '.jpeg': (bytes) => jpeg.decode(bytes, { useTArray: true }),
};

/** The mean over the part of the picture that a pixel of the smaller one stands for (or the nearest pixel). */
function resized(
  { width, height, data }: Picture,
  size: readonly [number, number],
  channels: number,
): Uint8Array {
  const [rows, columns] = size;
  const result = new Uint8Array(rows * columns * channels);
  for (let y = 0; y < rows; y++) {
    const [top, bottom] = [
      Math.floor((y * height) / rows),
      Math.max(Math.floor(((y + 1) * height) / rows), Math.floor((y * height) / rows) + 1),
    ];
    for (let x = 0; x < columns; x++) {
      const left = Math.floor((x * width) / columns);
      const right = Math.max(Math.floor(((x + 1) * width) / columns), left + 1);
      const sum = [0, 0, 0];
      for (let v = top; v < bottom; v++)
        for (let u = left; u < right; u++)
          for (let c = 0; c < 3; c++) sum[c]! += data[(v * width + u) * 4 + c]!;
      const mean = sum.map((total) => total / ((bottom - top) * (right - left)));
      const at = (y * columns + x) * channels;
      if (channels === 1) result[at] = Math.round(0.299 * mean[0]! + 0.587 * mean[1]! + 0.114 * mean[2]!);
      else for (let c = 0; c < 3; c++) result[at + c] = Math.round(mean[c]!);
    }
  }
  return result;
}

const foldersIn = (path: string): string[] =>
  readdirSync(path, { withFileTypes: true })
    // Folders of tools (.ipynb_checkpoints) are no classes.
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map(({ name }) => name)
    .sort();

function read(
  root: string,
  names: readonly string[],
  size: readonly [number, number],
  channels: number,
): Examples {
  const files = names.flatMap((name, label) => {
    const all = readdirSync(join(root, name)).filter((file) => !file.startsWith('.'));
    const known = all.filter((file) => extname(file).toLowerCase() in readers).sort();
    if (known.length === 0)
      throw new RangeError(
        `images: expected .png or .jpg files in ${join(root, name)}, got ${all.length === 0 ? 'none' : `"${all[0]}"`}`,
      );
    return known.map((file) => ({ path: join(root, name, file), label }));
  });
  const length = size[0] * size[1] * channels;
  const inputs = new Uint8Array(files.length * length);
  files.forEach(({ path }, i) => {
    try {
      inputs.set(
        resized(readers[extname(path).toLowerCase()]!(readFileSync(path)), size, channels),
        i * length,
      );
    } catch (error) {
      throw new RangeError(`images: expected ${path} to be an image: ${(error as Error).message}`);
    }
  });
  return { inputs, targets: Int32Array.from(files, ({ label }) => label), size: files.length };
}

/** Images in a folder per class. */
export const images = defineDataset({
  name: 'images',
  doc: 'PNG and JPEG files in a folder per class, or in `train` and `test` with a folder per class each',
  options: {
    folder: location({ doc: 'The folder' }),
    size: list(integer({ min: 1, unit: 'pixels', doc: 'Length of a side' }), {
      min: 2,
      max: 2,
      default: [32, 32],
      doc: 'Height and width to which images are brought',
    }),
    channels: oneOf([1, 3], { default: 3, doc: '3 for colours, 1 for grey' }),
  },
  load({ folder, size: [height, width], channels }): Data {
    const top = foldersIn(folder);
    const split = top.length === 2 && top.includes('train') && top.includes('test');
    const names = split ? foldersIn(join(folder, 'train')) : top;
    if (names.length < 2)
      throw new RangeError(`images: expected a folder per class in ${folder}, got [${names}]`);
    const part = (root: string): Examples => read(root, names, [height!, width!], channels);
    return {
      shape: [height!, width!, channels],
      scale: 255,
      classes: names.length,
      train: part(split ? join(folder, 'train') : folder),
      ...(split && { test: part(join(folder, 'test')) }),
    };
  },
});
