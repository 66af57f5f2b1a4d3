import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { openFolder, resultsOf } from '../execute/session.js';
import { exporters, writeExport } from '../export/exporter.js';
import type { Output } from '../progress.js';
import { renderReport } from '../report/index.js';
import type { StudyResults } from '../results.js';

/** The results of a folder, finished or not. */
const resultsIn = async (folder: string): Promise<StudyResults> => resultsOf(await openFolder(folder));

/** Draws the report of results into their folder. @returns Its path. */
export async function writeReport(results: StudyResults, folder: string): Promise<string> {
  const path = join(folder, 'report.html');
  await writeFile(path, renderReport(results));
  return path;
}

/** The command `report`. */
export async function reportCommand(folder: string, output: Output): Promise<void> {
  output.write(`${await writeReport(await resultsIn(folder), folder)}\n`);
}

/** Options of `export` as the command line gives them. */
export interface ExportOptions {
  readonly format?: string;
  readonly out?: string;
  readonly mlflow?: string;
}

/** The command `export`. */
export async function exportCommand(
  folder: string,
  { format, out, mlflow }: ExportOptions,
  output: Output,
): Promise<void> {
  if (format === undefined && mlflow === undefined) {
    throw new UsageError(
      'export: expected --format, --mlflow or both, got neither. See tfjs-sam export --help',
    );
  }
  const names = format?.split(',') ?? [];
  const chosen = names.map((name) => {
    const exporter = Object.hasOwn(exporters, name) ? exporters[name] : undefined;
    if (exporter) return { name, exporter };
    throw new UsageError(
      `export: expected --format to be some of [${Object.keys(exporters).join(', ')}], got "${name}"`,
    );
  });
  const results = await resultsIn(folder);
  for (const { name, exporter } of chosen) {
    const to = out ?? join(folder, 'export', name);
    const paths = await writeExport(exporter, results, to);
    output.write(`${name}: ${paths.length === 1 ? paths[0] : `${paths.length} files in ${to}`}\n`);
  }
  if (mlflow === undefined) return;
  const { logToMlflow } = await import('../export/mlflow.js');
  const { created, known } = await logToMlflow(mlflow, results);
  output.write(`mlflow: ${created} runs logged to ${mlflow}${known > 0 ? `, ${known} were there` : ''}\n`);
}
