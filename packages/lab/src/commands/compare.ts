import { randomUUID } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Registry } from '@tfjs-sam/core/registry';
import type { CompareConfig } from '../config.js';
import { UsageError } from '../errors.js';
import { openStudy } from '../execute/session.js';
import { loadRegistry } from '../parts/load.js';
import type { Output } from '../progress.js';
import { renderReport } from '../report/index.js';
import { makeFolder } from '../store/files.js';
import { StudyFolder } from '../store/study-folder.js';
import type { JsonObject } from '../study/paths.js';
import { studyFrom } from '../study/read.js';
import type { StudyInput } from '../study/schema.js';
import { completeOptimizer } from '../trial/optimizer.js';
import { type Variant, variantNamed } from '../variants.js';
import { requireNoFailure, runSession } from './run.js';
import { problemLines, statusTables } from './status-table.js';

/** Radii among which one is chosen, as multiples of a variant's default. */
const factors = [1, 4, 10];
/** Seeds that choose; all of them compare. */
const choosing = 2;

/** Values of a variant's radii: what the command says, else a search around their default. */
function radii(
  { config, radii: names }: Variant,
  given: number | undefined,
  base: JsonObject,
  registry: Registry,
): JsonObject {
  if (names.length === 0) return {};
  if (given !== undefined) return Object.fromEntries(names.map((name) => [name, given]));
  const span = { steps: 1, stepsPerEpoch: 1, examples: 1 };
  const complete = completeOptimizer(registry, { base, ...config }, span);
  // Several radii of one method move together.
  const kind = names.length > 1 ? 'zip' : 'grid';
  return Object.fromEntries(
    names.flatMap((name) => {
      const own = complete[name];
      if (typeof own !== 'number') return [];
      return [[name, { [kind]: factors.map((factor) => Number((factor * own).toPrecision(6))) }]];
    }),
  );
}

/**
 * bSAM has no base: its momentum is an average, so that equal steps need a longer rate. SASSHA's steps are in units of their
 * own: its published rate, with the schedule of the others.
 */
function withoutBase({ config }: Variant, { learningRate, momentum }: CompareConfig): JsonObject {
  if (config.learningRate !== undefined) return {};
  if (config.variant === 'bsam')
    return { learningRate: { name: 'cosine', from: learningRate / (1 - momentum) }, beta1: momentum };
  return config.variant === 'sassha' ? { learningRate: { name: 'cosine', from: 0.15 } } : {};
}

/** @throws UsageError where the base alone would train by other rules than the variants. */
function groupsFor({ name, config }: Variant, { groups }: CompareConfig): JsonObject {
  if (groups.length === 0) return {};
  if (config.variant !== undefined) return { groups };
  const beyondRho = groups
    .flatMap((group) => Object.keys(group))
    .find((each) => !['match', 'rho'].includes(each));
  if (beyondRho === undefined) return {};
  throw new UsageError(
    `compare: expected --group to set rho alone beside "${name}", which has no groups, got "${beyondRho}". Leave "${name}" out`,
  );
}

/** The comparison as a study. */
function compareStudy(
  config: CompareConfig,
  known: readonly Variant[],
  plugins: readonly string[],
  registry: Registry,
): StudyInput {
  const {
    variants,
    models,
    seeds,
    epochs,
    batchSize,
    learningRate,
    momentum,
    rho,
    backend,
    deterministic,
    name,
  } = config;
  const base: JsonObject = { name: 'sgd', learningRate: { name: 'cosine', from: learningRate }, momentum };
  const arms = variants.map((each): [string, JsonObject] => {
    const variant = variantNamed(each, known);
    return [
      each,
      {
        ...variant.config,
        ...radii(variant, rho[each], base, registry),
        ...withoutBase(variant, config),
        ...groupsFor(variant, config),
      },
    ];
  });
  return {
    study: name,
    description: 'The same models trained with several optimizers on the embedded digits.',
    plugins: [...plugins],
    // Half of the digits is held out: with 899 test images one image is 0.1 % accuracy.
    task: { dataset: { name: 'digits', testFraction: 0.5 }, batchSize, epochs, validation: 0.2 },
    tasks: Object.fromEntries(models.map((model) => [model, { model }])),
    optimizer: { base },
    arms: Object.fromEntries(arms),
    seeds,
    choose: { seeds: Math.min(choosing, seeds) },
    backend: { name: backend, deterministic },
  };
}

/** Makes a folder, unless there is one: two comparisons that begin at once have one each. */
function claimed(folder: string): boolean {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Makes the folder `2025-11-20T18-51-07Z-compare`, or with `-2` and so on when that exists. */
function newFolder(root: string, name: string): string {
  const time = new Date()
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '-');
  const wanted = resolve(root, `${time}-${name}`);
  const made = makeFolder(root);
  try {
    let folder = wanted;
    for (let copy = 2; !claimed(folder); copy++) folder = `${wanted}-${copy}`;
    return folder;
  } catch (error) {
    // A name that cannot be leaves nothing behind.
    if (made !== undefined) rmSync(made, { recursive: true });
    throw error;
  }
}

/**
 * The command `compare`: a study with flags in front. Trains, shows a table per model, and the path of the report.
 *
 * @param known - Where variants are looked up.
 * @param plugins - Modules that provide further parts.
 */
export async function compareCommand(
  config: CompareConfig,
  output: Output,
  known: readonly Variant[],
  plugins: readonly string[],
): Promise<void> {
  const registry = await loadRegistry(plugins, '--plugin');
  const source = studyFrom(compareStudy(config, known, plugins, registry), 'compare');
  const command = ['tfjs-sam', ...process.argv.slice(2)].join(' ');
  // Nothing is made before all has been checked, so that the folder has a stand-in, where nothing is.
  const checked = await openStudy(source, { folder: join(config.out, randomUUID()), command });
  const session = { ...checked, folder: new StudyFolder(newFolder(config.out, config.name)) };
  const { workers } = config;
  const results = await runSession(session, workers === '' ? {} : { workers }, output);
  output.write(`\n${statusTables(results)}`);
  for (const line of problemLines(results)) output.write(`${line}\n`);
  const report = join(session.folder.path, 'report.html');
  writeFileSync(report, renderReport(results));
  output.write(`\nReport: ${report}\n`);
  requireNoFailure(results, session.folder.path);
}
