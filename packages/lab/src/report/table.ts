/** The content of a table's cell. */
export type CellValue = number | string | boolean | null;

/** A column of a table. */
export interface Column {
  /** Name in data files. */
  readonly key: string;
  /** Head of the column for a reader. */
  readonly title: string;
  readonly kind: 'text' | 'number';
  /** `data`: in files of numbers alone; `print`: for readers alone; `both` by default. */
  readonly shown?: 'both' | 'data' | 'print' | undefined;
}

/** A cell: the value for files and sorting, and the text for readers. */
export interface Cell {
  readonly value: CellValue;
  readonly text: string;
}

/** A table that is declared once and written as HTML, CSV, Markdown, LaTeX and Parquet. */
export interface Table {
  /** Name of its files. */
  readonly id: string;
  readonly title: string;
  /** One line under the title: what the numbers are. */
  readonly caption: string;
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly Cell[])[];
}

/** A column with the way its cells come from a row. */
export interface ColumnOf<Row> extends Column {
  readonly value: (row: Row) => CellValue | undefined;
  /** The value as it is by default. */
  readonly text?: ((row: Row) => string) | undefined;
}

/** Makes a table from rows. A number that is not finite becomes null: files of numbers have no other word for it. */
export function tableOf<Row>(
  about: Omit<Table, 'columns' | 'rows'>,
  columns: readonly ColumnOf<Row>[],
  rows: readonly Row[],
): Table {
  return {
    ...about,
    columns: columns.map(({ key, title, kind, shown }) => ({ key, title, kind, shown })),
    rows: rows.map((row) =>
      columns.map(({ value: of, text }) => {
        const given = of(row) ?? null;
        const value = typeof given === 'number' && !Number.isFinite(given) ? null : given;
        return { value, text: text ? text(row) : value === null ? '–' : String(value) };
      }),
    ),
  };
}

/** The part of a table that goes where: to files of numbers, or to readers. */
export function partFor(table: Table, where: 'data' | 'print'): Table {
  const kept = table.columns.map(({ shown = 'both' }) => shown === 'both' || shown === where);
  const filter = <T>(items: readonly T[]): T[] => items.filter((_, i) => kept[i]);
  return { ...table, columns: filter(table.columns), rows: table.rows.map(filter) };
}
