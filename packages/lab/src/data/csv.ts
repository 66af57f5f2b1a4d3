import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { location } from '../parts/nested.js';
import type { Data } from './data.js';
import { defineDataset } from './dataset.js';

function rowsOf(path: string): string[][] {
  const bytes = readFileSync(path);
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  return parse(text, { skip_empty_lines: true, trim: true });
}

const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text));

/** A table of numbers, one example a row. */
export const csv = defineDataset({
  name: 'csv',
  package: '@tfjs-sam/lab',
  description: 'A CSV file, compressed with gzip or not: one example a row, columns of numbers and a target',
  options: {
    path: location('The file'),
    target: z
      .union([z.string(), z.int().min(0)])
      .optional()
      .describe('Column of the target, by its head or its number from 0. Default: the last'),
    kind: z.enum(['class', 'number']).default('class').describe('What the target is'),
    shape: z
      .array(z.int().min(1))
      .optional()
      .describe('Shape of one input, [height, width, channels]. Default: flat'),
    scale: z.number().gt(0).default(1).describe('What every input is divided by'),
  },
  load({ path, target, kind, shape, scale }): Data {
    const all = rowsOf(path);
    // A row without a number is the head; a row of a data set has some.
    const headed = all[0]?.every((cell) => !isNumber(cell)) ?? false;
    const head = headed ? all[0]! : undefined;
    const rows = headed ? all.slice(1) : all;
    const width = rows[0]?.length ?? 0;
    const column = typeof target === 'string' ? (head?.indexOf(target) ?? -1) : (target ?? width - 1);
    if (column < 0 || column >= width) {
      throw new RangeError(
        `csv: expected target to be a column of ${path} (${head?.join(', ') ?? `0 to ${width - 1}`}), got ${target}`,
      );
    }
    const features = width - 1;
    const inputs = new Float32Array(rows.length * features);
    rows.forEach((row, r) => {
      const cells = row.filter((_, c) => c !== column);
      cells.forEach((cell, c) => {
        if (!isNumber(cell)) {
          throw new RangeError(
            `csv: expected a number in ${path}, line ${r + (headed ? 2 : 1)}, got "${cell}"`,
          );
        }
        inputs[r * features + c] = Number(cell) / scale;
      });
    });
    const inputShape = shape ?? [features];
    if (inputShape.reduce((n, axis) => n * axis, 1) !== features) {
      throw new RangeError(`csv: expected shape to hold ${features} numbers, got [${inputShape}]`);
    }
    const cells = rows.map((row) => row[column]!);
    if (kind === 'number') {
      const train = { inputs, targets: Float32Array.from(cells, Number), size: rows.length };
      return { shape: inputShape, scale: 1, outputs: 1, train };
    }
    // Names in order: their numbers do not depend on the order of the rows.
    const names = [...new Set(cells)].sort((a, b) =>
      isNumber(a) && isNumber(b) ? Number(a) - Number(b) : a < b ? -1 : 1,
    );
    const numbers = new Map(names.map((name, index) => [name, index]));
    const targets = Int32Array.from(cells, (cell) => numbers.get(cell)!);
    return {
      shape: inputShape,
      scale: 1,
      classes: names.length,
      train: { inputs, targets, size: rows.length },
    };
  },
});
