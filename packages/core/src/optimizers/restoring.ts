import * as tf from '@tensorflow/tfjs-core';
import { pendingState } from '../oracle/binding.js';
import type { NamedTensor } from '../oracle/slots.js';
import { COUNT, setCount } from './count.js';
import { type Commit, isStateful } from './parts.js';
import { awaitVariables, type Fields, type Memory, memoryOf, slotsOf } from './tfjs-weights.js';

// Loaded when a state is restored: few trainings do.

export { stageSlots } from '../oracle/restoring.js';

/** Takes the step count off the front. @throws Error when it is missing, or no whole number >= 0. */
export async function takeCount(
  owner: string,
  weights: readonly NamedTensor[],
): Promise<{ count: number; rest: readonly NamedTensor[] }> {
  const [first, ...rest] = weights;
  if (first?.name !== COUNT)
    throw new Error(
      `${owner}: expected a state that begins with "${COUNT}", got ${first?.name ?? 'nothing'}`,
    );
  return { count: await wholeNumber(owner, first), rest };
}

/** The number that a tensor is. @throws RangeError when it is not one whole number >= 0. */
export async function wholeNumber(owner: string, { name, tensor }: NamedTensor): Promise<number> {
  const [count, ...others] = await tensor.data();
  if (others.length > 0 || !Number.isInteger(count) || count! < 0)
    throw new RangeError(
      `${owner}: expected "${name}" to be one whole number >= 0, got ${[count, ...others].slice(0, 12)}`,
    );
  return count!;
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

/** Checks what `tfjsWeights` gave, and returns what makes it the optimizer's state; undefined for other classes. */
async function stageTfjsWeights(
  optimizer: tf.Optimizer,
  weights: readonly NamedTensor[],
): Promise<(() => void) | undefined> {
  const memory = memoryOf(optimizer);
  if (memory === undefined) return undefined;
  const owner = optimizer.getClassName();
  const { count, rest } = await takeCount(owner, weights);
  const numbers = (memory.numbers ?? []).map(
    (name) => [name, rest.find((one) => one.name === name)] as const,
  );
  const slots = rest.filter(({ name }) => !memory.numbers?.includes(name));
  requireNumbers(owner, numbers);
  const { lists, saved } = stagedLists(owner, memory, slots);
  return () => {
    const betas = optimizer as unknown as { readonly beta1: number; readonly beta2: number };
    for (const [name, number] of numbers) {
      const field = (optimizer as Fields)[name] as tf.Variable;
      // Older states have no bias corrections: they are made from the step count, as TensorFlow.js does.
      if (number) field.assign(number.tensor);
      else tf.tidy(() => field.assign(tf.pow(name === 'accBeta1' ? betas.beta1 : betas.beta2, count + 1)));
    }
    for (const [field, entries] of lists) {
      for (const slot of slotsOf(optimizer, field)) slot?.variable.dispose();
      (optimizer as Fields)[field] = entries.map(({ name, tensor }) => ({
        originalName: name,
        variable: tf.tidy(() => tf.variable(tf.clone(tensor), false)),
      }));
    }
    setCount(optimizer, count);
    awaitVariables(optimizer, saved.length > 0 ? pendingState(saved) : undefined);
  };
}

function requireNumbers(
  owner: string,
  numbers: readonly (readonly [string, NamedTensor | undefined])[],
): void {
  for (const [name, number] of numbers) {
    if (number && number.tensor.size !== 1)
      throw new Error(
        `${owner}: expected "${name}" to be one number, got the shape [${number.tensor.shape}]`,
      );
    if (!number && name === 'iteration')
      throw new Error(`${owner}: expected "${name}" in the state, got none`);
  }
}

/** The slots of each list, each of the same variables in the same order. */
function stagedLists(owner: string, { lists = {} }: Memory, slots: readonly NamedTensor[]) {
  const suffixes = Object.keys(lists);
  const suffixOf = (name: string) => suffixes.find((suffix) => name.endsWith(`/${suffix}`));
  const foreign = slots.find(({ name }) => suffixOf(name) === undefined);
  if (foreign)
    throw new Error(
      `${owner}: expected names that end with [${suffixes}], got "${foreign.name}" in the state`,
    );
  const bySuffix = suffixes.map((suffix) => slots.filter(({ name }) => suffixOf(name) === suffix));
  const variables = bySuffix.map((entries, i) =>
    entries.map(({ name, tensor: { shape } }) => ({ name: name.slice(0, -suffixes[i]!.length - 1), shape })),
  );
  const [saved = []] = variables;
  for (const [i, others] of variables.entries())
    if (JSON.stringify(others) !== JSON.stringify(saved))
      throw new Error(
        `${owner}: expected "${suffixes[0]}" and "${suffixes[i]}" of the same variables in the state, got different ones`,
      );
  if (new Set(saved.map(({ name }) => name)).size < saved.length)
    throw new Error(`${owner}: expected each variable once in the state, got one twice`);
  return { saved, lists: suffixes.map((suffix, i) => [lists[suffix]!, bySuffix[i]!] as const) };
}
