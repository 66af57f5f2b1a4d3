import type { Output } from '../progress.js';
import { resultsIn } from '../store/read-results.js';
import { canonicalTable } from '../study/canonical-table.js';
import { problemLines, statusLine, statusTables } from './status-table.js';

/** The command `status`. */
export function statusCommand(
  path: string,
  { canonical }: { readonly canonical?: boolean },
  output: Output,
): void {
  const results = resultsIn(path);
  if (canonical) {
    output.write(canonicalTable(results));
    return;
  }
  output.write(`${statusLine(results)}\n\n${statusTables(results)}`);
  for (const line of problemLines(results)) output.write(`${line}\n`);
}
