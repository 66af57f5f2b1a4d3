import { existsSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { crossEntropyOf, squaredErrorOf, type TwoPartLoss } from '@tfjs-sam/core';
import { fileSystem } from '@tfjs-sam/core/node';
import type { Registry } from '@tfjs-sam/core/registry';
import {
  type Examined,
  examined,
  type LabelledData,
  logitsOf,
  type Measurable,
  normalised,
} from '@tfjs-sam/sharpness';
import { parse } from 'yaml';
import { inputsOf, normalisationOf, targetsOf } from '../data/batch.js';
import { splitData } from '../data/splits.js';
import { UsageError } from '../errors.js';
import { completePart } from '../parts/configurations.js';
import { importWithin } from '../plugin-modules.js';
import { ConfigError } from '../study/problem.js';

/** The subject of a measurement, with its examples. */
export interface Source {
  /** A folder with a model.json, that file, its address (`file://…`), or a module. */
  readonly what: string;
  /** A data set: its name, its configuration, or the path of a CSV file. */
  readonly data?: string | undefined;
  readonly split: 'train' | 'test';
  readonly examples: number;
  readonly batchSize: number;
  /** Measures the loss of logits that are divided by their spread. */
  readonly normaliseLogits: boolean;
}

/** Logits and labels of a classifier, to score. */
export interface Classified {
  logits(batch: number): tf.Tensor;
  labels(batch: number): tf.Tensor;
  readonly batches: number;
  readonly classes: number;
}

/** A loss with what it is of. */
export interface Loaded {
  readonly examined: Examined;
  /** One line: model, data, examples. */
  readonly summary: string;
  readonly classified?: Classified;
  dispose(): void;
}

/** One line of an error. */
const lineOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

const isModule = (path: string): boolean => ['.js', '.mjs', '.cjs'].includes(extname(path));

/** Loads what is to be measured; TensorFlow.js must have a backend. @throws UsageError for what cannot be used. */
export async function load(source: Source, registry: Registry): Promise<Loaded> {
  const loaded = await (isModule(source.what) ? ofModule(source) : ofSaved(source, registry));
  if (!source.normaliseLogits) return loaded;
  const { examined: plain, summary } = loaded;
  try {
    const batches = normalised(plain.batches);
    return { ...loaded, examined: { ...plain, batches }, summary: `${summary} of normalised logits` };
  } catch {
    loaded.dispose();
    throw new UsageError(
      'sharpness: expected a model or a loss in two parts with --normalise-logits, got a closure',
    );
  }
}

/** The result of a module's function `subject`. */
interface Exported {
  readonly model?: tf.LayersModel;
  readonly data?: LabelledData | readonly LabelledData[];
  readonly loss?: Measurable;
  readonly variables?: readonly tf.Variable[];
}

async function ofModule({ what, batchSize, data }: Source): Promise<Loaded> {
  const wrong = (got: string) =>
    new UsageError(
      `sharpness: expected ${what} to export a function "subject" that returns { model, data: { x, y } } or { loss, variables }, got ${got}. See tfjs-sam sharpness --help`,
    );
  if (!existsSync(what))
    throw new UsageError(
      `sharpness: expected a saved model or a module, got "${what}": there is no such file`,
    );
  if (data !== undefined)
    throw new UsageError('sharpness: expected no --data with a module, which brings its own');
  const module = (await importWithin(pathToFileURL(resolve(what)).href).catch((error: unknown) => {
    throw new UsageError(`sharpness: expected a module, got "${what}": ${lineOf(error)}`);
  })) as { subject?: unknown };
  if (typeof module.subject !== 'function') throw wrong('none');
  const made = (await module.subject()) as Exported | undefined;
  const target = made?.model ?? made?.loss;
  if (!target) throw wrong(made === undefined ? 'nothing' : `{ ${Object.keys(made).join(', ')} }`);
  try {
    const found = await examined(target as Measurable, made?.data, { batchSize });
    return {
      examined: { ...found, variables: found.variables ?? made?.variables },
      summary: what,
      dispose: () => {},
    };
  } catch (error) {
    if (error instanceof TypeError || error instanceof RangeError) throw new UsageError(lineOf(error));
    throw error;
  }
}

/** The folder of a saved model, however it was named. */
function folderOf(what: string): string {
  const path = what.startsWith('file://') ? what.slice('file://'.length) : what;
  return basename(path) === 'model.json' ? dirname(path) : path;
}

async function savedModel(what: string): Promise<tf.LayersModel> {
  const folder = folderOf(what);
  try {
    return await tf.loadLayersModel(fileSystem(folder));
  } catch (error) {
    throw new UsageError(
      `sharpness: expected a folder with a model that model.save wrote, or a module, got "${what}": ${lineOf(error)}`,
    );
  }
}

/** The value of --data: a name, a configuration in YAML or JSON, or a CSV file. */
function configOf(text: string): unknown {
  if (/\.csv(\.gz)?$/.test(text) && !/[{:]/.test(text)) return { name: 'csv', path: text };
  try {
    return parse(text);
  } catch (error) {
    throw new UsageError(`sharpness: expected --data to be a data set, got "${text}": ${lineOf(error)}`);
  }
}

/** Examples of one split, in batches. */
async function batchesOf({ data: text, split, examples, batchSize }: Source, registry: Registry) {
  if (text === undefined)
    throw new UsageError(
      'sharpness: expected --data with a saved model, got none. Try --data digits, or --data file.csv',
    );
  try {
    const part = registry.build('dataset', completePart(registry, 'dataset', configOf(text)));
    const data = await part.load();
    const splits = splitData(data, part.treatment, 0, 0);
    const normalisation = normalisationOf(part.treatment.normalise, data, splits.train);
    const chosen = splits[split];
    const count = Math.min(examples, chosen.indices.length);
    const outputs = splits.classes ?? data.outputs ?? 1;
    const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, b) => {
      const rows = Array.from(
        { length: Math.min(batchSize, count - b * batchSize) },
        (_row, i) => b * batchSize + i,
      );
      return {
        size: rows.length,
        x: () => tf.tensor(inputsOf(data, chosen, rows, normalisation), [rows.length, ...data.shape]),
        y: () => tf.tensor(targetsOf(data, chosen, rows, splits.classes), [rows.length, outputs]),
      };
    });
    const summary = `${count} ${split === 'train' ? 'training' : 'test'} examples of ${part.summary}`;
    return { batches, outputs, isClassifier: splits.classes !== undefined, shape: data.shape, summary };
  } catch (error) {
    if (error instanceof ConfigError) {
      const [{ path, message }] = error.problems as [{ path: readonly PropertyKey[]; message: string }];
      throw new UsageError(`sharpness: --data${path.length > 0 ? ` ${path.join('.')}` : ''}: ${message}`);
    }
    if (error instanceof UsageError) throw error;
    throw new UsageError(`sharpness: expected --data to be a data set, got "${text}": ${lineOf(error)}`);
  }
}

/** True where a classifier's outputs are probabilities rather than logits: rows of a sum of one, not below zero. */
async function givesProbabilities(model: tf.LayersModel, x: () => tf.Tensor): Promise<boolean> {
  const found = tf.tidy(() => {
    const outputs = model.apply(x(), { training: false }) as tf.Tensor;
    const isOne = tf.lessEqual(tf.abs(tf.sub(tf.sum(outputs, -1), 1)), 1e-3);
    return tf.all(tf.logicalAnd(isOne, tf.greaterEqual(tf.min(outputs, -1), 0)));
  });
  const [all] = await found.data();
  found.dispose();
  return all === 1;
}

async function ofSaved(source: Source, registry: Registry): Promise<Loaded> {
  const model = await savedModel(source.what);
  const found = await batchesOf(source, registry).catch((error: unknown) => {
    model.dispose();
    throw error;
  });
  const { batches, outputs, isClassifier, shape, summary } = found;
  const [wants, gives] = [model.inputs[0]!.shape.slice(1), model.outputs[0]!.shape.at(-1)];
  const fits = wants.length === shape.length && wants.every((n, i) => n === null || n === shape[i]);
  if (!fits || gives !== outputs || model.inputs.length > 1 || model.outputs.length > 1) {
    const [count, inputs] = [model.outputs.length, model.inputs.length];
    model.dispose();
    throw new UsageError(
      `sharpness: expected --data of inputs [${wants}] and ${gives} outputs, as the model has (${inputs} inputs, ${count} outputs), got [${shape}] and ${outputs}`,
    );
  }
  const raw = (x: tf.Tensor) => model.apply(x, { training: false }) as tf.Tensor;
  const isSquashed = isClassifier && (await givesProbabilities(model, batches[0]!.x));
  const logits = (x: tf.Tensor) => (isSquashed ? logitsOf(model, () => raw(x)) : raw(x));
  // As trials have it: cross entropy, or the mean squared error.
  const half = outputs / 2;
  const subjects = batches.map(({ size, x, y }) => {
    const parts: TwoPartLoss = isClassifier
      ? {
          outputs: () => tf.tidy(() => logits(x())),
          lossOf: (f) => tf.tidy(() => crossEntropyOf(y()).lossOf(f)),
          curvature: (f, u) => crossEntropyOf(f).curvature(f, u),
        }
      : {
          outputs: () => tf.tidy(() => raw(x())),
          lossOf: (f) => tf.tidy(() => tf.div(squaredErrorOf(y()).lossOf(f), half) as tf.Scalar),
          curvature: (f, u) => tf.tidy(() => tf.div(squaredErrorOf(f).curvature(f, u), half)),
        };
    return { parts, weight: size, loss: () => tf.tidy(() => parts.lossOf(parts.outputs())) };
  });
  const layers = model.layers
    .filter(({ trainableWeights }) => trainableWeights.length > 0)
    .map(({ name, trainableWeights }) => [
      name,
      trainableWeights.map((weight) => weight.read() as tf.Variable),
    ]);
  return {
    examined: {
      batches: subjects,
      variables: model.trainableWeights.map((weight) => weight.read() as tf.Variable),
      layers: Object.fromEntries(layers) as Record<string, tf.Variable[]>,
    },
    summary: `${source.what}: ${model.countParams()} weights; ${summary}; ${isClassifier ? 'cross entropy' : 'mean squared error'}`,
    ...(isClassifier && {
      classified: {
        logits: (batch: number) => tf.tidy(() => logits(batches[batch]!.x())),
        labels: (batch: number) => batches[batch]!.y(),
        batches: batches.length,
        classes: outputs,
      },
    }),
    dispose: () => model.dispose(),
  };
}
