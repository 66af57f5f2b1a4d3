import type * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../oracle/slots.js';

/** A part of what an optimizer remembers; a promise from an optimizer of the user's own class. */
export type Part = readonly NamedTensor[] | Promise<readonly NamedTensor[]>;

/** Puts a checked state in the place of an optimizer's own. */
export type Commit = () => void | Promise<void>;

/** Methods of the project's own optimizers beside `getWeights` and `setWeights`. */
interface Stateful {
  /** The tensors that `getWeights` gives. */
  savedParts(): Part[];
  /** Checks what `getWeights` gave, changing nothing, and returns what makes it the optimizer's state. */
  stageState(weights: readonly NamedTensor[]): Promise<Commit>;
}

/** True of the project's own optimizers. */
export function isStateful(optimizer: tf.Optimizer): optimizer is tf.Optimizer & Stateful {
  return typeof (optimizer as Partial<Stateful>).stageState === 'function';
}

/** Parts put together. */
export async function joined(parts: readonly Part[]): Promise<NamedTensor[]> {
  return (await Promise.all(parts)).flat();
}

/** Gives names a prefix. */
export function prefixedNames(prefix: string, weights: readonly NamedTensor[]): NamedTensor[] {
  return weights.map(({ name, tensor }) => ({ name: `${prefix}${name}`, tensor }));
}

/** Gives the names of all parts a prefix. */
export function prefixed(prefix: string, parts: readonly Part[]): Part[] {
  const rename = (weights: readonly NamedTensor[]) => prefixedNames(prefix, weights);
  return parts.map((part) => (part instanceof Promise ? part.then(rename) : rename(part)));
}
