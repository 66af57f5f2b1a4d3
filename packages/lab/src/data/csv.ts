import { readFileSync } from 'node:fs';
import { anyOf, integer, list, location, number, oneOf, text } from '@tfjs-sam/core';
import { parse } from 'csv-parse/sync';
import type { Data } from './data.js';
import { defineDataset } from './dataset.js';
import { gunzipped } from './gunzip.js';

interface Row {
  readonly cells: readonly string[];
  /** Its line in the file, from 1. */
  readonly line: number;
}

function rowsOf(path: string, delimiter: string): Row[] {
  const bytes = Buffer.from(gunzipped(readFileSync(path), path));
  const options = { skip_empty_lines: true, trim: true, bom: true, delimiter, info: true } as const;
  try {
    const rows = parse(bytes, options) as unknown as { info: { lines: number }; record: string[] }[];
    return rows.map(({ info, record }) => ({ cells: record, line: info.lines }));
  } catch (error) {
    throw new RangeError(`csv: expected rows of equal length in ${path}: ${(error as Error).message}`);
  }
}

const isNumber = (text: string): boolean => text !== '' && Number.isFinite(Number(text));

/** The contents of a file's rows, one by one. */
interface Table {
  readonly inputs: Float32Array;
  /** Numbers of an input. */
  readonly features: number;
  readonly targets: readonly { readonly cell: string; readonly line: number }[];
  numberOf(cell: string, line: number): number;
}

function tableOf(path: string, delimiter: string, target: string | number | undefined): Table {
  const all = rowsOf(path, delimiter);
  // A row without a number is the head; a row of a data set has some.
  const head = all[0]?.cells.every((cell) => !isNumber(cell)) ? all[0].cells : undefined;
  const rows = head ? all.slice(1) : all;
  const width = rows[0]?.cells.length ?? 0;
  const column = typeof target === 'string' ? (head?.indexOf(target) ?? -1) : (target ?? width - 1);
  if (column < 0 || column >= width) {
    const columns = head?.join(', ') ?? (width === 0 ? 'it has none' : `0 to ${width - 1}`);
    throw new RangeError(
      `csv: expected target to be a column of ${path} (${columns}), got ${target ?? 'no rows'}`,
    );
  }
  const numberOf = (cell: string, line: number): number => {
    if (isNumber(cell)) return Number(cell);
    throw new RangeError(`csv: expected a number in ${path}, line ${line}, got "${cell}"`);
  };
  const features = width - 1;
  const inputs = new Float32Array(rows.length * features);
  rows.forEach(({ cells, line }, r) => {
    const others = cells.filter((_, c) => c !== column);
    inputs.set(
      others.map((cell) => numberOf(cell, line)),
      r * features,
    );
  });
  return {
    inputs,
    features,
    targets: rows.map(({ cells, line }) => ({ cell: cells[column]!, line })),
    numberOf,
  };
}

/** Names of classes in order: their numbers do not depend on the order of the rows. */
function classesOf(cells: readonly string[]): { readonly count: number; readonly targets: Int32Array } {
  const names = [...new Set(cells)].sort((a, b) =>
    isNumber(a) && isNumber(b) ? Number(a) - Number(b) : a < b ? -1 : 1,
  );
  const numbers = new Map(names.map((name, index) => [name, index]));
  return { count: names.length, targets: Int32Array.from(cells, (cell) => numbers.get(cell)!) };
}

/** A table of numbers, one example a row. */
export const csv = defineDataset({
  name: 'csv',
  doc: 'A CSV file, compressed with gzip or not: one example a row, columns of numbers and a target',
  options: {
    path: location({ doc: 'The file' }),
    target: anyOf(
      [text({ doc: 'The head of a column' }), integer({ min: 0, doc: 'The number of a column' })],
      {
        optional: 'the last',
        doc: 'Column of the target, by its head or its number from 0',
      },
    ),
    kind: oneOf(['class', 'number'], { default: 'class', doc: 'Kind of the target' }),
    shape: list(integer({ min: 1, doc: 'Length of an axis' }), {
      optional: 'flat',
      doc: 'Shape of one input, [height, width, channels]',
    }),
    delimiter: text({ length: 1, default: ',', doc: 'Character between columns' }),
    scale: number({ above: 0, default: 1, doc: 'Divisor of every input' }),
  },
  load({ path, target, kind, shape: given, scale, delimiter }): Data {
    const { inputs, features, targets, numberOf } = tableOf(path, delimiter, target);
    const shape = given ?? [features];
    if (shape.reduce((n, axis) => n * axis, 1) !== features) {
      throw new RangeError(`csv: expected shape to hold ${features} numbers, got [${shape}]`);
    }
    const size = targets.length;
    const common = { shape, scale: 1 };
    const scaled = inputs.map((value) => value / scale);
    if (kind === 'number') {
      const numbers = Float32Array.from(targets, ({ cell, line }) => numberOf(cell, line));
      return { ...common, outputs: 1, train: { inputs: scaled, targets: numbers, size } };
    }
    const missing = targets.find(({ cell }) => cell === '');
    if (missing) throw new RangeError(`csv: expected a class in ${path}, line ${missing.line}, got nothing`);
    const { count, targets: classes } = classesOf(targets.map(({ cell }) => cell));
    return { ...common, classes: count, train: { inputs: scaled, targets: classes, size } };
  },
});
