import { createHash } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { restoreState, saveState } from '@tfjs-sam/core';
import type { EpochRecord } from '../results.js';
import { writeToDisk } from '../store/files.js';
import type { Problem } from './task.js';

/** The state that a training goes on from: records, weights and the optimizer's state after a whole epoch. */
interface Header<P> {
  readonly progress: P;
  readonly specs: tf.io.WeightsManifestEntry[];
  readonly optimizer: tf.io.ModelArtifacts;
  /** Bytes of the weights; the optimizer's follow. */
  readonly weightBytes: number;
}

/** The records of a trial's training up to its checkpoint. */
export interface Progress {
  readonly epochs: readonly EpochRecord[];
  /** Times of all steps, in milliseconds. */
  readonly stepMs: readonly number[];
}

const digestBytes = 32;
const digest = (data: Uint8Array): Buffer => createHash('sha256').update(data).digest();
const bytesOf = (data: tf.io.WeightData | undefined): Uint8Array =>
  new Uint8Array(tf.io.CompositeArrayBuffer.join(data ?? new ArrayBuffer(0)));

/** The bytes of a checkpoint: length of the header, header, weights, optimizer, SHA-256 of all that. */
async function encode(problem: Problem, optimizer: tf.Optimizer, progress: object): Promise<Uint8Array> {
  const named = problem.state.map(({ name, variable }) => ({ name, tensor: variable as tf.Tensor }));
  const { data, specs } = await tf.io.encodeWeights(named);
  let saved: tf.io.ModelArtifacts | undefined;
  await saveState(optimizer, {
    async save(artifacts) {
      saved = artifacts;
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    },
  });
  const { weightData, ...rest } = saved!;
  const [weights, state] = [new Uint8Array(data), bytesOf(weightData)];
  const header: Header<object> = {
    progress,
    specs,
    optimizer: rest,
    weightBytes: weights.length,
  };
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const whole = Buffer.concat([length, text, weights, state]);
  return Buffer.concat([whole, digest(whole)]);
}

/** Writes a checkpoint to a file of its own, on disk when it returns. Who owns the folder renames it. */
export async function writeCheckpoint(
  path: string,
  problem: Problem,
  optimizer: tf.Optimizer,
  progress: object,
): Promise<void> {
  const bytes = await encode(problem, optimizer, progress);
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'w');
  try {
    writeToDisk(file, bytes, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

/** Restores weights and optimizer. @returns How far the training is; undefined for no file, or a damaged one. */
export async function restoreCheckpoint<P>(
  path: string,
  problem: Problem,
  optimizer: tf.Optimizer,
): Promise<P | undefined> {
  const read = readCheckpoint<P>(path);
  if (!read) return undefined;
  const { header, body } = read;
  const { progress, specs, weightBytes } = header;
  const slice = (from: number, to?: number): ArrayBuffer => new Uint8Array(body.subarray(from, to)).buffer;
  const weights = await tf.io.decodeWeights(slice(0, weightBytes), specs);
  try {
    for (const { name, variable } of problem.state) variable.assign(weights[name]!);
  } finally {
    tf.dispose(weights);
  }
  await restoreState(optimizer, {
    load: async () => ({ ...header.optimizer, weightData: slice(weightBytes) }),
  });
  return progress;
}

function readCheckpoint<P>(
  path: string,
): { readonly header: Header<P>; readonly body: Uint8Array } | undefined {
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  const whole = bytes.subarray(0, -digestBytes);
  if (!digest(whole).equals(bytes.subarray(-digestBytes))) return undefined;
  const end = 4 + whole.readUInt32LE(0);
  return { header: JSON.parse(whole.toString('utf8', 4, end)) as Header<P>, body: whole.subarray(end) };
}
