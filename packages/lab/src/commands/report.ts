import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { type Exporter, writeExport } from '../export/exporter.js';
import type { Output } from '../progress.js';
import { renderReport } from '../report/index.js';
import type { StudyResults } from '../results.js';
import { resultsIn } from '../store/read-results.js';

/** Draws the report of results into their folder. @returns Its path. */
export async function writeReport(results: StudyResults, folder: string): Promise<string> {
  const path = join(folder, 'report.html');
  await writeFile(path, renderReport(results));
  return path;
}

/** The command `report`. */
export async function reportCommand(folder: string, output: Output): Promise<void> {
  output.write(`${await writeReport(resultsIn(folder), folder)}\n`);
}

/** Options of `export` as the command line gives them. */
export interface ExportOptions {
  readonly format?: string;
  readonly out?: string;
  readonly mlflow?: string;
}

/** An exporter by name: built in, or of the study's own modules, which are looked into for no other. */
async function exporterOf(folder: string, name: string): Promise<Exporter> {
  // Loaded late, with TensorFlow.js: to draw a report again needs none of it.
  const [{ loadRegistry }, { sourceIn }, { pluginPaths }, { didYouMean }] = await Promise.all([
    import('../parts/load.js'),
    import('../execute/session.js'),
    import('../study/read.js'),
    import('../study/problem.js'),
  ]);
  const builtIn = await loadRegistry();
  if (builtIn.list('exporter').includes(name)) return builtIn.build('exporter', name);
  const registry = await loadRegistry(pluginPaths(sourceIn(folder)));
  const known = registry.list('exporter');
  if (known.includes(name)) return registry.build('exporter', name);
  throw new UsageError(
    `export: expected --format to be some of [${known.join(', ')}], got "${name}"${didYouMean(name, known)}`,
  );
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
  const results = resultsIn(folder);
  const chosen: { readonly name: string; readonly exporter: Exporter }[] = [];
  for (const name of format?.split(',') ?? [])
    chosen.push({ name, exporter: await exporterOf(folder, name) });
  for (const { name, exporter } of chosen) {
    const to = out === undefined ? join(folder, 'export', name) : chosen.length > 1 ? join(out, name) : out;
    const paths = await writeExport(exporter, results, to);
    output.write(`${name}: ${paths.length === 1 ? paths[0] : `${paths.length} files in ${to}`}\n`);
  }
  if (mlflow === undefined) return;
  const { logToMlflow } = await import('../export/mlflow.js');
  const { created, known } = await logToMlflow(mlflow, results);
  output.write(`mlflow: ${created} runs logged to ${mlflow}${known > 0 ? `, ${known} were there` : ''}\n`);
}
