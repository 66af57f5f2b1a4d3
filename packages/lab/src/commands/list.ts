import { coreKinds, describedPart, type Registry } from '@tfjs-sam/core/registry';
import { UsageError } from '../errors.js';
import { labKinds } from '../parts/kinds.js';
import { loadRegistry } from '../parts/load.js';
import type { Output } from '../progress.js';
import { didYouMean } from '../study/problem.js';

/** Kinds of parts, in the order in which they are listed. */
const kinds = [...labKinds, ...coreKinds];
type ListedKind = (typeof kinds)[number];

/** A kind by its name. @throws UsageError when there is none. */
export function kindNamed(command: string, kind: string): ListedKind {
  const found = kinds.find((each) => each === kind);
  if (found) return found;
  throw new UsageError(
    `${command}: expected one of [${kinds.join(', ')}], got "${kind}"${didYouMean(kind, kinds)}`,
  );
}

const rowsOf = (registry: Registry, kind: ListedKind) =>
  registry.list(kind).map((name) => ({ kind, name, line: describedPart(registry.find(name, kind)) }));

/** The command `list`: everything that a study may name, of one kind or of all. */
export async function listCommand(
  kind: string | undefined,
  { plugin = [] }: { readonly plugin?: readonly string[] | undefined },
  output: Output,
): Promise<void> {
  const chosen = kind === undefined ? kinds : [kindNamed('list', kind)];
  const registry = await loadRegistry(plugin, '--plugin');
  const rows = chosen.flatMap((each) => rowsOf(registry, each));
  const width = (of: 'kind' | 'name'): number => Math.max(...rows.map((row) => row[of].length));
  const [kindWidth, nameWidth] = [width('kind'), width('name')];
  for (const row of rows) {
    output.write(`${row.kind.padEnd(kindWidth)}  ${row.name.padEnd(nameWidth)}  ${row.line}\n`);
  }
}
