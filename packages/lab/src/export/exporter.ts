import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { analyse } from '../report/analysis.js';
import { standalone } from '../report/draw.js';
import { renderReport, reportFigures } from '../report/index.js';
import { epochsTable, reportTables, trialsTable } from '../report/tables.js';
import type { StudyResults } from '../results.js';
import { toParquet } from './parquet.js';
import { toCsv, toLatex, toMarkdown } from './text.js';

/** Names and contents of the files that results become. */
export type ExportedFiles = Readonly<Record<string, string | Uint8Array>>;

/** A way to hand results on: a part of kind `exporter`. */
export interface Exporter {
  /** What it writes, in one line. */
  readonly description: string;
  /** Makes the files; changes nothing else. */
  files(results: StudyResults): ExportedFiles;
}

/** Letters, digits, dots and dashes: a name that every file system takes and that leaves no folder. */
const fileName = (id: string, ending: string): string =>
  `${id.replaceAll(/[^\w.-]+/g, '-').replace(/^\.+/, '')}.${ending}`;

const tablesOf = (results: StudyResults) => reportTables(results, analyse(results));

const everyTable = (results: StudyResults) => [
  ...tablesOf(results),
  trialsTable(results),
  epochsTable(results),
];

/** The formats of `tfjs-sam export`, by name. */
export const exporters: Readonly<Record<string, Exporter>> = {
  csv: {
    description: 'every table, the numbers of every figure, trials and epochs as CSV',
    files: (results) => {
      const figures = reportFigures(results, analyse(results)).flatMap((group) => group.figures);
      const tables = [...everyTable(results), ...figures.map(({ data }) => data)];
      return Object.fromEntries(tables.map((table) => [fileName(table.id, 'csv'), toCsv(table)]));
    },
  },
  markdown: {
    description: 'the tables of the report, in Markdown',
    files: (results) => ({ 'tables.md': tablesOf(results).map(toMarkdown).join('\n') }),
  },
  latex: {
    description: 'the tables of the report, in LaTeX with booktabs, one file each',
    files: (results) =>
      Object.fromEntries(tablesOf(results).map((table) => [fileName(table.id, 'tex'), toLatex(table)])),
  },
  parquet: {
    description: 'every table, trials and epochs as Apache Parquet',
    files: (results) =>
      Object.fromEntries(
        everyTable(results).map((table) => [fileName(table.id, 'parquet'), toParquet(table)]),
      ),
  },
  svg: {
    description: 'every figure of the report as SVG',
    files: (results) => {
      const figures = reportFigures(results, analyse(results)).flatMap((group) => group.figures);
      return Object.fromEntries(figures.map(({ id, svg }) => [fileName(id, 'svg'), standalone(svg)]));
    },
  },
  html: {
    description: 'the report: one page that needs no network',
    files: (results) => ({ 'report.html': renderReport(results) }),
  },
};

/**
 * Writes what an exporter makes.
 *
 * @param folder - Made when missing; files of the same names are replaced.
 * @returns Paths of the files.
 */
export async function writeExport(
  exporter: Exporter,
  results: StudyResults,
  folder: string,
): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  return Promise.all(
    Object.entries(exporter.files(results)).map(async ([name, content]) => {
      const path = join(folder, name);
      await writeFile(path, content);
      return path;
    }),
  );
}
