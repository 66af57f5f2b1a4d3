import { parquetWriteBuffer } from 'hyparquet-writer';
import { type CellValue, partFor, type Table } from '../report/table.js';

/** Parquet's type of a column: numbers stay numbers, and whatever is mixed becomes text. */
function typed(values: readonly CellValue[]): {
  readonly type: 'DOUBLE' | 'BOOLEAN' | 'STRING';
  readonly data: (CellValue | undefined)[];
} {
  const present = values.filter((value) => value !== null);
  const all = (type: string): boolean =>
    present.length > 0 && present.every((value) => typeof value === type);
  const type = all('number') ? 'DOUBLE' : all('boolean') ? 'BOOLEAN' : 'STRING';
  const data = values.map((value) => (value === null || type !== 'STRING' ? value : String(value)));
  return { type, data };
}

/** An Apache Parquet file of a table's numbers, snappy-compressed; what is missing is null. */
export function toParquet(table: Table): Uint8Array {
  const { columns, rows, title } = partFor(table, 'data');
  const columnData = columns.map(({ key, kind }, i) => {
    const { type, data } = typed(rows.map((row) => row[i]!.value));
    // A column of numbers in which every one is missing is still one of numbers.
    const known = kind === 'number' && data.every((value) => value === null) ? 'DOUBLE' : type;
    return { name: key, data, type: known, nullable: true };
  });
  return new Uint8Array(parquetWriteBuffer({ columnData, kvMetadata: [{ key: 'title', value: title }] }));
}
