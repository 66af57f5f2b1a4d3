import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../oracle/slots.js';
import { isCount } from './count.js';
import { isStateful, joined, type Part } from './parts.js';
import { tfjsWeights } from './tfjs-weights.js';

/** An optimizer's memory. The step counts are made for the caller, everything else stays the optimizer's. */
export function partsOf(optimizer: tf.Optimizer): Part[] {
  if (isStateful(optimizer)) return optimizer.savedParts();
  return [tfjsWeights(optimizer) ?? optimizer.getWeights()];
}

/** Copies of what an optimizer remembers, all of one moment: a step that comes before they are written changes none. */
export async function copyOfWeights(optimizer: tf.Optimizer): Promise<NamedTensor[]> {
  const copies = partsOf(optimizer).map((part) =>
    part instanceof Promise ? part.then(copiesOf) : copiesOf(part),
  );
  return joined(copies);
}

function copiesOf(weights: readonly NamedTensor[]): NamedTensor[] {
  return weights.map(({ name, tensor }) => {
    const copy = tf.keep(tf.clone(tensor));
    if (isCount(name)) tensor.dispose();
    return { name, tensor: copy };
  });
}
