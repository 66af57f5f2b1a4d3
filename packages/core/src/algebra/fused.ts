import * as tf from '@tensorflow/tfjs-core';
import { runsAtHand } from './runs.js';

const namesOf = new Map<string, string[]>();

/** key0, key1, …: made once, not in every step. */
function inputNames(key: string, count: number): readonly string[] {
  const names = namesOf.get(key) ?? [];
  namesOf.set(key, names);
  while (names.length < count) names.push(`${key}${names.length}`);
  return names;
}

/**
 * Runs a fused kernel over all tensors at once where the current backend has one (`@tfjs-sam/wasm-kernels`
 * registers them on wasm), else undefined. Inputs are keyed x0…, y0…; see that package's README.
 */
export function runFused(
  kernel: string,
  inputs: Readonly<Record<string, readonly tf.Tensor[] | tf.Tensor>>,
  attrs: Readonly<Record<string, unknown>> = {},
): tf.Tensor[] | undefined {
  if (tf.getKernel(kernel, tf.getBackend()) === undefined) return undefined;
  const named: tf.NamedTensorMap = {};
  for (const key in inputs) {
    const value = inputs[key]!;
    if (!Array.isArray(value)) named[key] = value as tf.Tensor;
    else {
      const names = inputNames(key, value.length);
      for (let i = 0; i < value.length; i++) {
        const tensor = value[i]!;
        // The kernels read float32 from the heap; anything else goes the composed way.
        if (tensor.dtype !== 'float32') return undefined;
        named[names[i]!] = tensor;
      }
    }
  }
  const outputs = tf.engine().runKernel(kernel, named, attrs as tf.NamedAttrMap) as tf.Tensor | tf.Tensor[];
  return Array.isArray(outputs) ? outputs : [outputs];
}

/** As `runFused`, of kernels that know one run only. */
export function runFusedWhole(
  ...[kernel, inputs, attrs]: Parameters<typeof runFused>
): tf.Tensor[] | undefined {
  return runsAtHand() ? undefined : runFused(kernel, inputs, attrs);
}
