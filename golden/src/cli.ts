#!/usr/bin/env node
import { resolve } from 'node:path';
import { type BackendName, backendNames, goldenFolder, useBackend } from '@tfjs-sam/testing/trajectories';
import { Argument, Command, InvalidArgumentError, Option } from 'commander';
import { followFolder } from './run.js';
import { table } from './table.js';

function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch {
    throw new InvalidArgumentError(`Expected a regular expression, got "${text}".`);
  }
}

async function run(
  folder: string,
  { backend, only }: { backend: BackendName; only?: RegExp },
): Promise<void> {
  await useBackend(backend);
  const { matched, total, quirks, misses } = followFolder(resolve(folder), table, only);
  for (const miss of misses) console.log(miss);
  const left = quirks > 0 ? `; ${quirks} of published defects left out` : '';
  console.log(`${matched} of ${total} trajectories match on ${backend}${left}`);
  process.exitCode = matched === total ? 0 : 1;
}

await new Command('golden')
  .description('Follows trajectories of published code, and says where a variant leaves one')
  .addArgument(new Argument('[folder]', 'one JSON file per trajectory').default(goldenFolder))
  .addOption(new Option('--backend <name>', 'where to compute').choices(backendNames).default('wasm'))
  .option('--only <regex>', 'only trajectories whose file name matches', pattern)
  .action(run)
  .parseAsync()
  .catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  });
