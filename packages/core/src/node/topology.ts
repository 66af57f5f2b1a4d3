import { isAbsolute, normalize, win32 } from 'node:path';
import type * as tf from '@tensorflow/tfjs-core';

/** A model.json as far as it is checked. */
export interface Topology {
  readonly weightsManifest?: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly unknown[];
  }[];
}

/** Makes the error that says why a file is refused. */
type Fail = (why: string) => Error;

/** Parses a model.json. @throws What `fail` makes, when it is none or its files lie outside the folder. */
export function checkedTopology(text: string, fail: Fail): Topology {
  let topology: unknown;
  try {
    topology = JSON.parse(text);
  } catch {
    throw fail('it is no JSON');
  }
  const held = isRecord(topology) ? topology.modelTopology : undefined;
  if (!isRecord(topology) || !isRecord(held) || Object.keys(held).length === 0)
    throw fail('it holds no model and no state');
  const { weightsManifest = [] } = topology;
  if (!Array.isArray(weightsManifest)) throw fail('its weightsManifest is no list');
  for (const group of weightsManifest) {
    if (!isRecord(group) || !Array.isArray(group.paths) || !Array.isArray(group.weights))
      throw fail('its weightsManifest has an entry without paths and weights');
    for (const path of group.paths) requireInside(path, fail);
  }
  return topology as Topology;
}

function requireInside(path: unknown, fail: Fail): void {
  if (typeof path !== 'string' || path === '') throw fail(`it names weights by ${JSON.stringify(path)}`);
  const leaves = /^\.\.([/\\]|$)/.test(normalize(path)) || /(^|[/\\])\.\.([/\\]|$)/.test(path);
  if (leaves || isAbsolute(path) || win32.isAbsolute(path) || path.includes('\0'))
    throw fail(`it names weights outside its folder, ${JSON.stringify(path)}`);
}

const sizes: Readonly<Record<string, number>> = { float32: 4, int32: 4, bool: 1, complex64: 8 };
const quantizedSizes: Readonly<Record<string, number>> = { uint8: 1, uint16: 2, float16: 2 };

/**
 * The tensors that a model.json lists, and the number of bytes that they take: undefined with strings among them,
 * which say their lengths themselves.
 *
 * @throws What `fail` makes, on an unknown type, or a shape that is none.
 */
export function checkedSpecs(
  { weightsManifest = [] }: Topology,
  fail: Fail,
): { specs: tf.io.WeightsManifestEntry[]; bytes: number | undefined } {
  const specs = weightsManifest.flatMap(({ weights }) => weights);
  const lengths = specs.map((spec) => byteLength(spec, fail));
  const names = new Set(specs.map((spec) => (spec as tf.io.WeightsManifestEntry).name));
  if (names.size < specs.length) throw fail('it lists a tensor twice');
  return {
    specs: specs as tf.io.WeightsManifestEntry[],
    bytes: lengths.reduce<number | undefined>(
      (sum, length) => (sum === undefined || length === undefined ? undefined : sum + length),
      0,
    ),
  };
}

function byteLength(spec: unknown, fail: Fail): number | undefined {
  if (!isRecord(spec) || typeof spec.name !== 'string') throw fail('it lists a tensor without a name');
  const { name, shape, dtype, quantization } = spec;
  const isSize = (size: unknown) => Number.isSafeInteger(size) && (size as number) >= 0;
  if (!Array.isArray(shape) || !shape.every(isSize))
    throw fail(`it gives "${name}" the shape ${JSON.stringify(shape)}`);
  if (dtype === 'string') return undefined;
  const packed = isRecord(quantization) ? quantizedSizes[String(quantization.dtype)] : sizes[String(dtype)];
  if (packed === undefined || !Object.hasOwn(sizes, String(dtype)))
    throw fail(
      `it gives "${name}" the type ${JSON.stringify(isRecord(quantization) ? quantization.dtype : dtype)}`,
    );
  return packed * (shape as number[]).reduce((product, size) => product * size, 1);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
