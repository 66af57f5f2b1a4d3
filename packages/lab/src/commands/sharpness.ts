import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import { lanczos, type PerturbationMetric } from '@tfjs-sam/core';
import {
  type Calibration,
  calibrationOf,
  filterNormalised,
  type Landscape,
  landscape,
  landscapeCsv,
  landscapeHtml,
  landscapeSvg,
  type Measurement,
  matrixOf,
  measure,
  parseLandscape,
  withOracle,
} from '@tfjs-sam/sharpness';
import { SingleBar } from 'cli-progress';
import { describeMachine } from '../environment.js';
import { UsageError } from '../errors.js';
import { useBackend } from '../execute/perform.js';
import { completePart } from '../parts/configurations.js';
import { loadRegistry } from '../parts/load.js';
import type { Output } from '../progress.js';
import { type Row, rowsOf, sharpnessPage, textOf } from '../sharpness/report.js';
import { type Loaded, load } from '../sharpness/subject.js';
import { ConfigError, didYouMean } from '../study/problem.js';

/** Options of `sharpness` as the command line gives them. */
export interface SharpnessOptions {
  readonly data?: string;
  readonly split: string;
  readonly examples: string;
  readonly batchSize: string;
  readonly matrix?: string;
  readonly eigenvalues: string;
  readonly probes: string;
  readonly rho: string;
  readonly steps: string;
  readonly restarts: string;
  readonly normaliseLogits?: boolean;
  readonly metric?: string;
  readonly layers?: boolean;
  readonly landscape?: string;
  readonly directions: string;
  readonly seed: string;
  readonly backend?: string;
  readonly out?: string;
  readonly plugin?: readonly string[];
}

/** Numbers of an option, checked. */
function integerOf(name: string, text: string, least: number): number {
  if (/^\d+$/.test(text) && Number(text) >= least && Number.isSafeInteger(Number(text))) return Number(text);
  throw new UsageError(`sharpness: expected --${name} to be an integer >= ${least}, got "${text}"`);
}

function positiveOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new UsageError(`sharpness: expected --${name} to be a number > 0, got "${text}"`);
}

function oneOf<const T extends string>(name: string, text: string, known: readonly T[]): T {
  if ((known as readonly string[]).includes(text)) return text as T;
  throw new UsageError(
    `sharpness: expected --${name} to be one of [${known.join(', ')}], got "${text}"${didYouMean(text, known)}`,
  );
}

/** Everything that the options say, with defaults. */
function checked(options: SharpnessOptions) {
  const { matrix, landscape: grid, directions } = options;
  return {
    split: oneOf('split', options.split, ['train', 'test']),
    examples: integerOf('examples', options.examples, 1),
    batchSize: integerOf('batch-size', options.batchSize, 1),
    matrix: matrix === undefined ? undefined : oneOf('matrix', matrix, ['gauss-newton', 'hessian']),
    count: integerOf('eigenvalues', options.eigenvalues, 1),
    probes: integerOf('probes', options.probes, 0),
    rho: positiveOf('rho', options.rho),
    steps: integerOf('steps', options.steps, 1),
    restarts: integerOf('restarts', options.restarts, 1),
    normaliseLogits: options.normaliseLogits ?? false,
    grid: grid === undefined ? undefined : integerOf('landscape', grid, 2),
    directions: oneOf('directions', directions, ['random', 'eigenvectors']),
    seed: integerOf('seed', options.seed, 0),
  };
}

type Checked = ReturnType<typeof checked>;

/** The metric that a name means. */
async function metricOf(text: string | undefined, plugins: readonly string[]) {
  if (text === undefined || text === 'infinity') return text;
  const registry = await loadRegistry(plugins, '--plugin');
  const known = [...registry.list('metric'), 'infinity'];
  if (!known.includes(text))
    throw new UsageError(
      `sharpness: expected --metric to be one of [${known.join(', ')}], got "${text}"${didYouMean(text, known)}`,
    );
  try {
    return registry.build('metric', completePart(registry, 'metric', text) as never) as PerturbationMetric;
  } catch (error) {
    if (error instanceof ConfigError)
      throw new UsageError(`sharpness: --metric ${text}: ${error.problems[0]!.message}`);
    throw error;
  }
}

/** Accuracy, NLL, ECE and Brier score over all batches. */
async function scored({ classified }: Loaded): Promise<Calibration | undefined> {
  if (!classified) return undefined;
  const [logits, labels]: [number[], number[]] = [[], []];
  for (let batch = 0; batch < classified.batches; batch++) {
    const [f, y] = [classified.logits(batch), classified.labels(batch)];
    for (const value of await f.data()) logits.push(value);
    for (const value of await y.data()) labels.push(value);
    f.dispose();
    y.dispose();
  }
  return calibrationOf({ logits, labels, classes: classified.classes });
}

/** Names a landscape: weights, data and directions. */
function keyOf(variables: readonly tf.Tensor[], about: unknown): string {
  const hash = createHash('sha256').update(JSON.stringify(about));
  for (const variable of variables) hash.update(new Uint8Array(variable.dataSync().slice().buffer));
  return hash.digest('hex').slice(0, 16);
}

/** Replaces a file as one act. */
function replace(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

/** A landscape of the plane, from where a former call stopped. */
async function drawn(
  { examined }: Loaded,
  { grid, directions, seed }: Checked,
  { folder, name, about }: { readonly folder: string; readonly name: string; readonly about: unknown },
  output: Output,
): Promise<Landscape> {
  const { found } = await withOracle(examined, async (oracle) => {
    const { variables } = oracle;
    const key = keyOf(variables, [about, grid, directions, seed]);
    const file = join(folder, `landscape-${key}.csv`);
    const resume = existsSync(file) ? parseLandscape(readFileSync(file, 'utf8')) : undefined;
    const axes = await axesOf(oracle, examined, directions, seed);
    const x = Array.from({ length: grid! }, (_, i) => (2 * i) / (grid! - 1) - 1);
    const bar = output.isTTY
      ? new SingleBar({ format: 'landscape {bar} {value}/{total} rows, {eta} s left', stream: output })
      : undefined;
    bar?.start(x.length, resume?.z.filter((row) => !row.some(Number.isNaN)).length ?? 0);
    try {
      const whole = await landscape(oracle, axes, {
        x,
        y: x,
        resume,
        onProgress: (done, _rows, soFar) => {
          replace(file, landscapeCsv(soFar));
          bar?.update(done);
        },
      });
      replace(join(folder, 'landscape.csv'), landscapeCsv(whole));
      writeFileSync(join(folder, 'landscape.html'), landscapeHtml(whole, name));
      for (const kind of ['contour', 'surface'] as const)
        writeFileSync(join(folder, `landscape-${kind}.svg`), landscapeSvg(whole, name, kind));
      return whole;
    } finally {
      bar?.stop();
      for (const tensor of axes.flat()) tensor.dispose();
    }
  });
  return found;
}

/** Two directions of a plane: at 1 along an eigenvector the quadratic model of the loss has risen by 1. */
async function axesOf(
  oracle: Parameters<Parameters<typeof withOracle>[1]>[0],
  { batches }: Loaded['examined'],
  directions: Checked['directions'],
  seed: number,
): Promise<[tf.Tensor[], tf.Tensor[]]> {
  const { variables } = oracle;
  if (directions === 'random')
    return [filterNormalised(variables, 2 * seed + 1), filterNormalised(variables, 2 * seed + 2)];
  const { vectors, values } = await lanczos(matrixOf(oracle, batches).map, { count: 2, seed });
  // Along a flat direction no length makes the loss rise.
  const scaled = vectors.map((vector, k) =>
    vector.map((part) => part.mul(values[k] === 0 ? 1 : Math.sqrt(2 / Math.abs(values[k]!)))),
  );
  for (const tensor of vectors.flat()) tensor.dispose();
  return scaled as [tf.Tensor[], tf.Tensor[]];
}

const nameOf = (what: string): string =>
  basename(what.replace(/\/?model\.json$/, ''), extname(what)) || 'model';

/** Makes a backend active, the fastest that works for 'auto'. */
async function useBackendNamed(name: string): Promise<void> {
  const log = () => {};
  try {
    if (name !== 'auto') return await useBackend({ name, deterministic: false });
    tf.enableProdMode();
    await prepareBackend({ log });
  } catch (error) {
    throw new UsageError(
      `sharpness: --backend: ${error instanceof Error ? error.message.split('\n')[0] : error}`,
    );
  }
}

/** The command `sharpness`. */
export async function sharpnessCommand(
  what: string,
  options: SharpnessOptions,
  output: Output,
): Promise<void> {
  const given = checked(options);
  const plugins = options.plugin ?? [];
  await useBackendNamed(options.backend ?? 'auto');
  const registry = await loadRegistry(plugins, '--plugin');
  const metric = await metricOf(options.metric, plugins);
  const loaded = await load({ what, data: options.data, ...given }, registry);
  try {
    const { count, probes, matrix, seed, rho, steps, restarts } = given;
    const { batches, variables, layers } = loaded.examined;
    if (options.layers && !layers)
      throw new UsageError('sharpness: expected a model with --layers, got a loss without layers');
    const subjects = batches.map((batch) => ({ ...batch, variables }));
    const found = await measure(subjects, undefined, {
      spectrum: { count, probes, matrix, seed },
      worstCase: { rho, steps, restarts, seed, metric },
      average: { seed },
      ...(options.layers && layers && { groups: layers }),
    });
    const scores = await scored(loaded);
    const folder = options.out ?? join('sharpness', nameOf(what));
    mkdirSync(folder, { recursive: true });
    const about = { what, data: options.data, ...given };
    const rows = rowsOf(found, scores, { rho, steps, metric: options.metric ?? 'Euclidean' });
    output.write(`${loaded.summary}\n\n${textOf(rows)}`);
    writeJson(folder, { summary: loaded.summary, options: about, found, scores, rows });
    const plane =
      given.grid === undefined
        ? undefined
        : await drawn(loaded, given, { folder, name: loaded.summary, about }, output);
    writeFileSync(join(folder, 'report.html'), sharpnessPage(loaded.summary, rows, found.cost, plane));
    output.write(`\n${join(folder, 'report.html')}\n`);
  } finally {
    loaded.dispose();
  }
}

function writeJson(
  folder: string,
  contents: {
    readonly summary: string;
    readonly options: unknown;
    readonly found: Measurement;
    readonly scores: Calibration | undefined;
    readonly rows: readonly Row[];
  },
): void {
  const { found, ...rest } = contents;
  const text = JSON.stringify({ ...rest, ...found, machine: describeMachine() }, undefined, 1);
  writeFileSync(join(folder, 'sharpness.json'), `${text}\n`);
}
