import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { definePart } from '@tfjs-sam/core';
import { type ScalarEvent, tensorBoardEvents } from '@tfjs-sam/core/node';
import { analyse } from '../report/analysis.js';
import { standalone } from '../report/draw.js';
import { renderReport, reportFigures } from '../report/index.js';
import { reportTables } from '../report/tables.js';
import { epochsTable, trialsTable } from '../report/tables-of-trials.js';
import type { StudyResults, TrialResult } from '../results.js';
import { toParquet } from './parquet.js';
import { toCsv, toLatex, toMarkdown } from './text.js';

/** Names and contents of the files that results become. */
export type ExportedFiles = Readonly<Record<string, string | Uint8Array>>;

/** A way to hand results on: a part of kind `exporter`. */
export interface Exporter {
  /** Makes the files; changes nothing else. */
  files(results: StudyResults): ExportedFiles;
}

/** Epochs of a trial as numbers of one moment each, for TensorBoard. */
function eventsOf({ epochs }: TrialResult, startedAt: string): ScalarEvent[] {
  const begin = Date.parse(startedAt) / 1000;
  return epochs.map(({ epoch, seconds, stepMs, train, validation, test }) => {
    const scalars = Object.entries({ train, validation, test }).flatMap(([split, metrics]) =>
      Object.entries(metrics).map(([name, value]) => [`${split}/${name}`, value ?? Number.NaN] as const),
    );
    return {
      step: epoch,
      wallTime: begin + seconds,
      scalars: { ...Object.fromEntries(scalars), 'time/step_ms': stepMs },
    };
  });
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
export const exporters: Readonly<Record<string, Exporter & { readonly description: string }>> = {
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
  jsonl: {
    description: 'every trial as a line of JSON, its epochs among its fields',
    files: ({ trials }) => ({ 'trials.jsonl': trials.map((trial) => `${JSON.stringify(trial)}\n`).join('') }),
  },
  tensorboard: {
    description: 'event files for TensorBoard, a folder per trial',
    files: ({ trials, provenance }) =>
      Object.fromEntries(
        trials
          .filter(({ epochs }) => epochs.length > 0)
          .map((trial) => {
            const id = trial.id.replaceAll(/\W/g, '-');
            const run = fileName(`${trial.task}-${trial.arm}-seed${trial.seed}`, id);
            return [
              `${run}/events.out.tfevents.${id}`,
              tensorBoardEvents(eventsOf(trial, provenance.startedAt)),
            ];
          }),
      ),
  },
  html: {
    description: 'the report: one page that needs no network',
    files: (results) => ({ 'report.html': renderReport(results) }),
  },
};

/** The same as parts. */
export const exporterParts = Object.entries(exporters).map(([name, { description, files }]) =>
  definePart({
    kind: 'exporter',
    name,
    doc: description,
    options: {},
    create: (): Exporter => ({ files }),
  }),
);

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
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
      return path;
    }),
  );
}
