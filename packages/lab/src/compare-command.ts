import * as tf from '@tensorflow/tfjs';
import { type BackendName, prepareBackend } from '@tfjs-sam/backends';
import { type ComparisonListener, runComparison } from './comparison.js';
import type { CompareConfig } from './config.js';
import { describeEnvironment } from './environment.js';
import { UsageError } from './errors.js';
import { barProgress, lineProgress, type Output } from './progress.js';
import type { ConfigRecord, EpochRecord } from './records.js';
import { renderReport } from './report.js';
import { RunStore } from './store.js';
import { summarise } from './summary.js';
import { summaryTable } from './table.js';
import type { Variant } from './variant.js';
import { variants } from './variants.js';

/**
 * Starts the backend and says which, in one line. The slow cpu backend is explained, unless it was asked for.
 *
 * @returns That line.
 */
async function startBackend(
  { backend: name, deterministic }: CompareConfig,
  output: Output,
): Promise<string> {
  // Production mode: no checks of every kernel's output, and no banner about the node backend.
  tf.enableProdMode();
  try {
    const { attempts } = await prepareBackend({
      ...(name !== 'auto' && { backend: name as BackendName }),
      deterministic,
      log: () => {},
    });
    const taken = attempts.at(-1)!;
    for (const { message } of taken.backend === 'cpu' ? attempts : [taken]) output.write(`${message}\n`);
    return taken.message;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Writes each record to disk as it comes, and keeps the epochs for the report. */
function recorder(store: RunStore): ComparisonListener & { readonly epochs: EpochRecord[] } {
  const epochs: EpochRecord[] = [];
  return {
    epochs,
    epochEnd(record) {
      epochs.push(record);
      store.append(record);
    },
    runEnd: (record) => store.append(record),
  };
}

/**
 * The command `compare`: trains, stores, and shows a table per model and the path of the report.
 *
 * @param known - Where variants are looked up; the built-in ones by default.
 * @throws UsageError when the backend that was asked for is unknown or does not start here.
 */
export async function compareCommand(
  config: CompareConfig,
  output: Output,
  known: readonly Variant[] = variants,
): Promise<void> {
  const backend = await startBackend(config, output);
  const startedAt = new Date();
  const store = new RunStore(config.out, config.name, startedAt);
  const record: ConfigRecord = {
    type: 'config',
    startedAt: startedAt.toISOString(),
    config,
    environment: describeEnvironment(backend),
  };
  store.append(record);
  const records = recorder(store);
  const progress = output.isTTY ? barProgress(output) : lineProgress(output);
  const summary = summarise(await runComparison(config, [records, progress], known), known);
  for (const model of config.models) {
    output.write(
      `\n${summaryTable(
        model,
        summary.filter((row) => row.model === model),
      )}`,
    );
  }
  const report = renderReport({ name: config.name, config: record, epochs: records.epochs, summary, known });
  output.write(`\nReport: ${store.writeReport(report)}\n`);
}
