import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../../oracle/slots.js';
import { crc32c } from './checksum.js';
import type { Config } from './difference.js';

/** Marks a state among other things that are saved. */
const FORMAT = 'tfjs-sam-optimizer-state';
const VERSION = 2;

/** The record that is saved in the place of a model's topology. Version 1 had no checksum. */
export interface Header {
  readonly format: string;
  readonly version: number;
  readonly className: string;
  readonly config: Config;
  /** CRC-32C of everything else: the header, the names, shapes and types of the tensors, their values. */
  readonly checksum?: string;
}

/** A whole state as a place holds it: checked, and not yet any optimizer's. */
export interface SavedState {
  readonly className: string;
  readonly config: Config;
  readonly weights: readonly Spec[];
  readonly data: Uint8Array;
}

/** A tensor of a state. */
export interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: keyof typeof arrays;
}

/** The types that a state may have. */
const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;

/** Puts a state in the form in which TensorFlow.js's handlers keep models. */
export async function pack(
  className: string,
  config: Config,
  weights: NamedTensor[],
): Promise<tf.io.ModelArtifacts> {
  const { data, specs } = await tf.io.encodeWeights(weights);
  const header: Header = { format: FORMAT, version: VERSION, className, config };
  const checksum = checksumOf(header, specs as unknown as readonly Spec[], bytesOf(data));
  return {
    modelTopology: { ...header, checksum },
    weightSpecs: specs,
    weightData: data,
    format: FORMAT,
    generatedBy: 'tfjs-sam',
    convertedBy: null,
  };
}

/**
 * Checks that something loaded is a whole state, as it was saved.
 *
 * @throws Error that says why not, without naming the place.
 */
export function unpack(loaded: tf.io.ModelArtifacts | undefined): SavedState {
  const { modelTopology, weightSpecs, weightData } = loaded ?? {};
  const header = (modelTopology ?? {}) as Partial<Header>;
  if (header.format !== FORMAT)
    throw new Error(
      `expected a state written by saveState, got ${header.format ?? 'something else'}. A model is loaded by tf.loadLayersModel.`,
    );
  const { version, className, config, checksum } = header;
  if (version !== 1 && version !== VERSION)
    throw new Error(
      `expected a state of version 1 or ${VERSION}, got ${version}. Use the release of tfjs-sam that wrote it.`,
    );
  if (typeof className !== 'string' || typeof config !== 'object' || config === null)
    throw new Error('expected a state with a class and a configuration, got one without');
  const weights = specsOf(weightSpecs);
  const data = bytesOf(weightData ?? new ArrayBuffer(0));
  const wanted = weights.reduce((sum, spec) => sum + byteLength(spec), 0);
  if (data.length !== wanted)
    throw new Error(`expected ${wanted} bytes for the tensors that it lists, got ${data.length}`);
  const own = checksumOf({ format: FORMAT, version, className, config }, weights, data);
  if (version === 1 ? checksum !== undefined : checksum !== own)
    throw new Error(`expected the checksum ${own}, got ${checksum}: it was changed after it was saved`);
  return { className, config, weights, data };
}

/** Makes a checked state's tensors, in the saved order. The caller disposes them. */
export function tensorsOf({ weights, data }: SavedState): NamedTensor[] {
  let at = data.byteOffset;
  return weights.map((spec) => {
    const { name, shape, dtype } = spec;
    const values = new arrays[dtype](data.buffer.slice(at, at + byteLength(spec)) as ArrayBuffer);
    at += byteLength(spec);
    return { name, tensor: tf.tensor(values, [...shape], dtype) };
  });
}

function specsOf(given: unknown): Spec[] {
  if (!Array.isArray(given)) throw new Error(`expected a list of tensors, got ${typeof given}`);
  return given.map((spec: Partial<Spec> | null) => {
    const { name, shape, dtype } = spec ?? {};
    if (typeof name !== 'string') throw new Error(`expected names of tensors, got ${name}`);
    if (dtype === undefined || !Object.hasOwn(arrays, dtype))
      throw new Error(`expected "${name}" to be of [${Object.keys(arrays).join(', ')}], got ${dtype}`);
    const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0;
    if (!Array.isArray(shape) || !shape.every(isSize))
      throw new Error(
        `expected "${name}" to have a shape of whole numbers >= 0, got ${JSON.stringify(shape)}`,
      );
    return { name, shape, dtype };
  });
}

function byteLength({ shape, dtype }: Spec): number {
  return arrays[dtype].BYTES_PER_ELEMENT * shape.reduce((product, size) => product * size, 1);
}

function bytesOf(data: tf.io.WeightData): Uint8Array {
  return new Uint8Array(tf.io.CompositeArrayBuffer.join(data));
}

/** The checksum of a state, which its header carries beside all that is summed. */
export function checksumOf(header: Header, specs: readonly Spec[], data: Uint8Array): string {
  const described = specs.map(({ name, shape, dtype }) => ({ name, shape, dtype }));
  const text = new TextEncoder().encode(canonical([header, described]));
  return crc32c(data, crc32c(text)).toString(16).padStart(8, '0');
}

/** JSON with keys in one order: the places that keep a state may change it. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(
          Object.keys(part)
            .sort()
            .map((key) => [key, (part as Config)[key]]),
        )
      : part,
  );
}
