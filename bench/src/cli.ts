#!/usr/bin/env node
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander';
import { machineLine } from './machine.js';
import { type AnyModelName, anyModelNames } from './models/names.js';
import { withPlots } from './plots.js';
import { runJob } from './processes.js';
import { markdown, withSection } from './results.js';
import { type Settings, UsageError } from './settings.js';
import { tables } from './tables.js';

type TableName = keyof typeof tables;

const names = Object.keys(tables) as TableName[];
const results = fileURLToPath(new URL('../RESULTS.md', import.meta.url));

function positive(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError(`Expected a number > 0, got "${text}".`);
}

interface CommandOptions {
  readonly scale: number;
  readonly repetitions: number;
  readonly slow: boolean;
  readonly models?: AnyModelName[];
  readonly only?: string[];
  readonly write: boolean;
}

/** Whether the table has all of its rows: a part of it never replaces the whole. */
const isWhole = ({ models, only }: CommandOptions): boolean => models === undefined && only === undefined;

/** Changes RESULTS.md, and draws its pictures anew. */
function rewrite(change: (document: string) => string): void {
  const old = existsSync(results) ? readFileSync(results, 'utf8') : '';
  const { document, pictures } = withPlots(change(old), names);
  writeFileSync(results, document);
  const folder = join(dirname(results), 'plots');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [file, svg] of pictures) writeFileSync(join(folder, file), `${svg}\n`);
}

/** Measures tables one after the other, prints each, and writes its section. */
async function run(asked: TableName | 'all' | 'plots', { write, ...options }: CommandOptions): Promise<void> {
  if (asked === 'plots') return rewrite((document) => document);
  const settings: Settings = {
    ...options,
    repetitions: Math.round(options.repetitions),
    log: (line) => console.error(line),
  };
  const provenance = await runJob('provenance', null, settings);
  for (const name of asked === 'all' ? names : [asked]) {
    const machine = machineLine(provenance);
    const text = markdown(await tables[name](settings), machine);
    console.log(`\n${text}`);
    if (!write) continue;
    if (isWhole({ write, ...options })) rewrite((document) => withSection(document, name, text, names));
    else console.error(`RESULTS.md stays as it is: this is a part of the table "${name}"`);
  }
}

const program = new Command('bench')
  .exitOverride()
  .description('Measures a table, prints it and writes its section of RESULTS.md')
  .addArgument(
    new Argument('<table>', 'which table; plots: draws RESULTS.md anew').choices([...names, 'all', 'plots']),
  )
  .option('--scale <factor>', 'multiplies the number of rounds', positive, 1)
  .option('--repetitions <count>', 'processes per side, in turns', positive, 3)
  .option('--slow', 'also what takes minutes for one gradient', false)
  .addOption(new Option('--models <names...>', 'only these models').choices(anyModelNames))
  .option('--only <names...>', 'only these sides, variants, optimizers or points')
  .option('--no-write', 'leave RESULTS.md as it is')
  .action(run);

try {
  await program.parseAsync();
} catch (error) {
  // commander has written its own message; its exit code is 0 after --help.
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
  else if (error instanceof UsageError) {
    console.error(`bench: ${error.message}`);
    process.exitCode = 2;
  } else throw error;
}
