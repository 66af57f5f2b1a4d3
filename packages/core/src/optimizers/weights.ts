import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor } from '../oracle/state.js';
import { isCount } from './count.js';
import { stageTfjsWeights, tfjsWeights } from './tfjs-weights.js';

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

/** An optimizer's memory. The step counts are made for the caller, everything else stays the optimizer's. */
export function partsOf(optimizer: tf.Optimizer): Part[] {
  if (isStateful(optimizer)) return optimizer.savedParts();
  return [tfjsWeights(optimizer) ?? optimizer.getWeights()];
}

/** `partsOf`, put together. */
export async function weightsOf(optimizer: tf.Optimizer): Promise<NamedTensor[]> {
  return (await Promise.all(partsOf(optimizer))).flat();
}

/** Copies of what an optimizer remembers, all of one moment: a step that comes before they are written changes none. */
export async function copyOfWeights(optimizer: tf.Optimizer): Promise<NamedTensor[]> {
  const copies = partsOf(optimizer).map((part) =>
    part instanceof Promise ? part.then(copiesOf) : copiesOf(part),
  );
  return (await Promise.all(copies)).flat();
}

function copiesOf(weights: readonly NamedTensor[]): NamedTensor[] {
  return weights.map(({ name, tensor }) => {
    const copy = tf.keep(tf.clone(tensor));
    if (isCount(name)) tensor.dispose();
    return { name, tensor: copy };
  });
}

/** Checks what `weightsOf` gave, changing nothing, and returns what makes it the optimizer's state. */
export async function stageWeights(
  optimizer: tf.Optimizer,
  weights: readonly NamedTensor[],
): Promise<Commit> {
  if (isStateful(optimizer)) return optimizer.stageState(weights);
  // An optimizer of the user's own class can be given it all, and nothing less.
  return (await stageTfjsWeights(optimizer, weights)) ?? (() => optimizer.setWeights([...weights]));
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

/** Takes prefixes off again: the weights of each. @throws Error on a name that has none of them. */
export function byPrefix(
  owner: string,
  prefixes: readonly string[],
  weights: readonly NamedTensor[],
): NamedTensor[][] {
  const parts = prefixes.map((): NamedTensor[] => []);
  for (const { name, tensor } of weights) {
    const at = prefixes.findIndex((prefix) => name.startsWith(prefix));
    if (at < 0) throw new Error(`${owner}: expected names that begin with [${prefixes}], got "${name}"`);
    parts[at]!.push({ name: name.slice(prefixes[at]!.length), tensor });
  }
  return parts;
}

function isStateful(optimizer: tf.Optimizer): optimizer is tf.Optimizer & Stateful {
  return typeof (optimizer as Partial<Stateful>).stageState === 'function';
}
