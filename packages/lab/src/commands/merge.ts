import { UsageError } from '../errors.js';
import type { Output } from '../progress.js';
import { makeFolder } from '../store/files.js';
import { FolderLock } from '../store/lock.js';
import { resultsIn } from '../store/read-results.js';
import { StudyFolder, type StudyHeader } from '../store/study-folder.js';
import { problemLines, statusLine, statusTables } from './status-table.js';

/** The folder of the whole study that a shard's folder is a part of. */
const wholeOf = (path: string): string => path.replace(/[/\\]+$/, '').replace(/-shard-\d+-of-\d+$/, '');

/** Headers of the parts. @throws UsageError when one is no study, or of another study than the first. */
function headersOf(parts: readonly StudyFolder[]): [StudyHeader, ...StudyHeader[]] {
  const headers = parts.map(({ path, header }) => {
    if (header) return header;
    throw new UsageError(`merge: expected folders of studies, got ${path} without a study.json`);
  });
  const other = headers.findIndex(({ hash }) => hash !== headers[0]!.hash);
  if (other > 0) {
    const [first, second] = [parts[0]!.path, parts[other]!.path];
    throw new UsageError(`merge: expected parts of one study, got two studies: ${first} and ${second}`);
  }
  return headers as [StudyHeader, ...StudyHeader[]];
}

/** Copies what is done in the parts; a trial that two of them did is the same. @returns How many are new. */
function copied(parts: readonly StudyFolder[], whole: StudyFolder): number {
  const have = new Set(whole.begun().filter((id) => whole.trial(id).result?.state === 'done'));
  let count = 0;
  for (const part of parts) {
    for (const id of part.begun()) {
      if (have.has(id)) continue;
      const trial = part.trial(id);
      const { result } = trial;
      if (!result) {
        whole.trial(id).adoptEpochs(trial);
        continue;
      }
      whole.trial(id).adopt(result, trial.spec);
      if (result.state === 'done') have.add(id);
      count++;
    }
  }
  return count;
}

/** The command `merge`: joins the folders of shards into that of the whole study. */
export async function mergeCommand(
  folders: readonly string[],
  { out }: { readonly out?: string },
  output: Output,
): Promise<void> {
  const parts = folders.map((folder) => new StudyFolder(folder));
  const [{ shard: _, ...header }] = headersOf(parts);
  const path = out ?? wholeOf(folders[0]!);
  if (folders.some((folder) => new StudyFolder(folder).path === new StudyFolder(path).path)) {
    throw new UsageError(
      `merge: expected --out to be a folder of its own, got "${path}", which is one of the parts`,
    );
  }
  const whole = new StudyFolder(path);
  if (whole.header && whole.header.hash !== header.hash) {
    throw new UsageError(`merge: expected ${path} to be new or of the same study, got another study`);
  }
  makeFolder(whole.path);
  const lock = FolderLock.take(whole.path);
  try {
    whole.writeHeader(header);
    output.write(`${copied(parts, whole)} trials of ${parts.length} folders are now in ${whole.path}\n`);
  } finally {
    lock.release();
  }
  const results = resultsIn(whole.path);
  output.write(`${statusLine(results)}\n\n${statusTables(results)}`);
  for (const line of problemLines(results)) output.write(`${line}\n`);
  if (results.provenance.finishedAt === undefined) {
    output.write(`Some trials are missing: tfjs-sam run ${path} does them\n`);
  }
}
