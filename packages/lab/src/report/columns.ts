import { none, optionText, shortPaths, significant } from './format.js';
import type { CellValue, ColumnOf } from './table.js';

const plainValue = (value: unknown): CellValue =>
  value === undefined || value === null
    ? null
    : typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
      ? value
      : JSON.stringify(value);

/** Columns of numbers for a summary, which files have in place of the text `mean [low, high]`. */
export function numbers<Row>(
  key: string,
  title: string,
  summaryOf: (row: Row) => { mean: number; interval: { low: number; high: number } | undefined } | undefined,
): ColumnOf<Row>[] {
  const column = (end: string, value: ColumnOf<Row>['value']): ColumnOf<Row> => ({
    key: `${key}_${end}`,
    title: `${title}, ${end}`,
    kind: 'number',
    shown: 'data',
    value,
  });
  return [
    column('mean', (row) => summaryOf(row)?.mean),
    column('low', (row) => summaryOf(row)?.interval?.low),
    column('high', (row) => summaryOf(row)?.interval?.high),
  ];
}

/** A column of numbers. */
export const number = <Row>(
  key: string,
  title: string,
  value: (row: Row) => number | null | undefined,
  text: (row: Row) => string = (row) => significant(value(row)),
): ColumnOf<Row> => ({ key, title, kind: 'number', value, text });

/** A column of texts. */
export const text = <Row>(
  key: string,
  title: string,
  value: (row: Row) => string | undefined,
): ColumnOf<Row> => ({
  key,
  title,
  kind: 'text',
  value,
  text: (row) => value(row) ?? none,
});

/** Options that differ, one column each. */
export function optionColumns<Row>(
  paths: readonly string[],
  given: (row: Row, path: string) => unknown,
): ColumnOf<Row>[] {
  const short = shortPaths(paths);
  return paths.map((path) => ({
    key: path,
    title: short.get(path)!,
    kind: 'text',
    value: (row) => plainValue(given(row, path)),
    text: (row) => optionText(given(row, path)),
  }));
}
