import { describedPart } from '@tfjs-sam/core/registry';
import { UsageError } from '../errors.js';
import { loadParts } from '../parts/load.js';
import { labKinds } from '../parts/part.js';
import type { Output } from '../progress.js';
import { didYouMean } from '../study/problem.js';

/** What a configuration may name, with a line about each. */
interface Row {
  readonly kind: string;
  readonly name: string;
  readonly line: string;
}

const registryKinds = [
  'variant',
  'base-optimizer',
  'schedule',
  'metric',
  'objective',
  'filter',
  'combiner',
  'ascent',
] as const;

/** The command `list`: everything that a study may name, of one kind or of all. */
export async function listCommand(
  kind: string | undefined,
  { plugin = [] }: { readonly plugin?: readonly string[] },
  output: Output,
): Promise<void> {
  const { registry, catalog } = await loadParts(plugin);
  const rows: Row[] = [
    ...catalog.all.map(({ kind: of, name, description }) => ({ kind: of, name, line: description })),
    ...registryKinds.flatMap((of) =>
      registry.list(of).map((name) => ({ kind: of, name, line: describedPart(registry.find(name, of)) })),
    ),
  ];
  const kinds: string[] = [...labKinds, ...registryKinds];
  if (kind !== undefined && !kinds.includes(kind)) {
    throw new UsageError(
      `list: expected one of [${kinds.join(', ')}], got "${kind}"${didYouMean(kind, kinds)}`,
    );
  }
  const shown = rows.filter((row) => kind === undefined || row.kind === kind);
  const width = (of: (row: Row) => string): number => Math.max(...shown.map((row) => of(row).length));
  const [kindWidth, nameWidth] = [width((row) => row.kind), width((row) => row.name)];
  for (const row of shown) {
    output.write(`${row.kind.padEnd(kindWidth)}  ${row.name.padEnd(nameWidth)}  ${row.line}\n`);
  }
}
