import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { checkedSpecs, checkedTopology, type Topology } from './topology.js';

const TOPOLOGY = 'model.json';
/** Names of weight files end with the start of their hash: of `save`, and of releases before checksums. */
const ownWeights = /^weights-([0-9a-f]{16})-[0-9a-f]{8}\.bin$/;
const oldWeights = /^weights\.([0-9a-f]{16})\.bin$/;
const temporary = /^(model\.json|weights-[0-9a-f-]+\.bin)\.[0-9a-f]{8}\.tmp$/;
const checksumAtEnd = /,"checksum":"([0-9a-f]{64})"\}$/;

/** After so long, in ms, what a saver left behind is not a saver's at work: it died. */
const ABANDONED = 600_000;

/**
 * A `tf.io` handler for a folder, in the format of tfjs-node's `file://`: for `model.save`, `tf.loadLayersModel`,
 * `saveState` and `restoreState`. It needs no tfjs-node.
 *
 * Saving again replaces what was there, as one act and on the disk: a process that dies meanwhile leaves the old state
 * readable, and two that save at once leave the state of one of them. What is loaded is checked by checksum, down to
 * the bit; what tfjs-node wrote has none, and is checked by sizes.
 *
 * @param path - The folder; it is made when missing.
 * @throws Error, when loading, if the folder holds nothing that was saved, or not as it was saved: says which file.
 * @example await saveState(optimizer, fileSystem('run/optimizer'))
 */
export function fileSystem(path: string): tf.io.IOHandler & { readonly path: string } {
  if (typeof path !== 'string' || path === '') {
    throw new TypeError(`fileSystem: expected the path of a folder, got ${path === '' ? '""' : path}`);
  }
  return {
    path,
    save: (artifacts) => inTurn(resolve(path), () => save(path, artifacts)),
    load: () => load(path),
  };
}

/** The last saving of each folder in this process. */
const savings = new Map<string, Promise<unknown>>();

/** Runs `f` when the savings before it have ended, well or badly. */
async function inTurn<T>(folder: string, f: () => Promise<T>): Promise<T> {
  const turn = (savings.get(folder) ?? Promise.resolve()).then(f, f);
  savings.set(folder, turn);
  try {
    return await turn;
  } finally {
    if (savings.get(folder) === turn) savings.delete(folder);
  }
}

async function save(path: string, artifacts: tf.io.ModelArtifacts): Promise<tf.io.SaveResult> {
  const { weightData = new ArrayBuffer(0), weightSpecs = [], ...topology } = artifacts;
  const bytes = new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData));
  await mkdir(path, { recursive: true });
  const before = await readTopology(path).catch(() => undefined);
  // The new weights have a name of their own, so that the old topology stays whole until it is replaced.
  const file = `weights-${hashOf(bytes).slice(0, 16)}-${random()}.bin`;
  const weightsManifest = [{ paths: [file], weights: weightSpecs }];
  const body = JSON.stringify({ ...topology, weightsManifest });
  try {
    await replace(path, file, bytes);
    await replace(path, TOPOLOGY, `${body.slice(0, -1)},"checksum":"${hashOf(body)}"}`);
  } catch (error) {
    await rm(join(path, file), { force: true });
    throw error;
  }
  await removeOld(path, file, before?.weightsManifest?.flatMap(({ paths }) => paths) ?? []);
  return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
}

/** Writes beside the place, to the disk, then renames. */
async function replace(folder: string, name: string, content: string | Uint8Array): Promise<void> {
  const place = join(folder, name);
  const beside = `${place}.${random()}.tmp`;
  try {
    const file = await open(beside, 'wx');
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, place);
  } catch (error) {
    await rm(beside, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Writes a folder's names to the disk, where the platform can: Windows opens no folders. */
async function syncFolder(folder: string): Promise<void> {
  const opened = await open(folder, 'r').catch(() => undefined);
  try {
    await opened?.sync().catch(() => undefined);
  } finally {
    await opened?.close();
  }
}

/** Removes the weights that were replaced, and what savers left behind that died. */
async function removeOld(path: string, current: string, replaced: readonly string[]): Promise<void> {
  const isOwn = (name: string) => ownWeights.test(name) || oldWeights.test(name);
  const names = await readdir(path);
  for (const name of names.filter((name) => name !== current && (isOwn(name) || temporary.test(name)))) {
    const place = join(path, name);
    const age = () =>
      stat(place).then(
        ({ mtimeMs }) => Date.now() - mtimeMs,
        () => 0,
      );
    if (replaced.includes(name) || (await age()) > ABANDONED) await rm(place, { force: true });
  }
}

async function load(path: string): Promise<tf.io.ModelArtifacts> {
  for (let attempt = 1; ; attempt++) {
    const topology = await readTopology(path);
    if (topology === undefined) {
      throw new Error(`fileSystem: expected a folder with a ${TOPOLOGY}, got "${path}"`);
    }
    const { weightsManifest } = topology;
    const paths = weightsManifest?.flatMap((group) => group.paths) ?? [];
    const files = await Promise.all(paths.map((file) => readWeights(path, file)));
    const missing = paths.find((_, i) => files[i] === undefined);
    if (missing === undefined) return artifactsOf(path, topology, files as Uint8Array[]);
    // Somebody may have saved between the two readings: then there is another topology by now.
    const now = await readTopology(path);
    if (attempt >= 5 || now?.weightsManifest?.some(({ paths: found }) => found.includes(missing)))
      throw damaged(join(path, missing), `the weights that ${TOPOLOGY} names are missing`);
  }
}

async function artifactsOf(
  path: string,
  topology: Topology,
  files: readonly Uint8Array[],
): Promise<tf.io.ModelArtifacts> {
  const { specs, bytes } = checkedSpecs(topology, (why) => damaged(join(path, TOPOLOGY), why));
  const found = files.reduce((sum, { length }) => sum + length, 0);
  if (bytes !== undefined && found !== bytes)
    throw damaged(path, `expected ${bytes} bytes of weights, got ${found}`);
  const weightData = tf.io.CompositeArrayBuffer.join(files.map((file) => new Uint8Array(file).buffer));
  return tf.io.getModelArtifactsForJSONSync(topology as unknown as tf.io.ModelJSON, specs, weightData);
}

/** A file of weights, whose name may tell what it holds; undefined when there is none. */
async function readWeights(path: string, name: string): Promise<Uint8Array | undefined> {
  const bytes = await read(path, name);
  const [, expected] = ownWeights.exec(name) ?? oldWeights.exec(name) ?? [];
  if (bytes && expected && !hashOf(bytes).startsWith(expected))
    throw damaged(join(path, name), 'its bytes are not the ones that were saved');
  return bytes;
}

async function readTopology(path: string): Promise<Topology | undefined> {
  const bytes = await read(path, TOPOLOGY);
  if (bytes === undefined) return undefined;
  const fail = (why: string) => damaged(join(path, TOPOLOGY), why);
  const text = bytes.toString('utf8');
  const [end, checksum] = checksumAtEnd.exec(text) ?? [];
  if (end !== undefined) {
    const body = createHash('sha256').update(bytes.subarray(0, bytes.length - end.length));
    if (body.update('}').digest('hex') !== checksum) throw fail('it is not as it was saved (checksum)');
  }
  const topology = checkedTopology(text, fail);
  const paths = topology.weightsManifest?.flatMap((group) => group.paths) ?? [];
  if (
    end === undefined &&
    (Object.hasOwn(topology, 'checksum') || paths.some((name) => ownWeights.test(name)))
  )
    throw fail('its end is not as it was saved (checksum)');
  return topology;
}

/** A file's bytes; undefined when there is none. */
async function read(path: string, name: string): Promise<Buffer | undefined> {
  return readFile(join(path, name)).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new Error(`fileSystem: expected to read "${join(path, name)}", got ${error.message}`, {
      cause: error,
    });
  });
}

function damaged(file: string, why: string): Error {
  return new Error(`fileSystem: expected "${file}" as it was saved, got something else: ${why}`);
}

function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function random(): string {
  return randomBytes(4).toString('hex');
}
