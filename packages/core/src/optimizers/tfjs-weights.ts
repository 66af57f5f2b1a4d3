import * as tf from '@tensorflow/tfjs-core';
import { asMade, bindVariables, misfit, type SavedVariable } from '../oracle/binding.js';
import type { NamedTensor } from '../oracle/state.js';
import { countOf, setCount, takeCount } from './count.js';

/** A slot of TensorFlow.js's optimizers, which find it by its place in a list. */
interface TfjsSlot {
  originalName: string;
  variable: tf.Variable;
}

/** The fields that TensorFlow.js's optimizers have at run time; their declarations hide them. */
type Fields = tf.Optimizer & Record<string, unknown> & { readonly centered?: boolean };

/** The memory of a class of TensorFlow.js's: fields that are one number, and lists of slots by the ends of names. */
interface Memory {
  readonly numbers?: readonly string[];
  readonly lists?: Readonly<Record<string, string>>;
}

const memories = new Map<unknown, Memory>([
  [tf.SGDOptimizer, {}],
  [tf.MomentumOptimizer, { lists: { momentum: 'accumulations' } }],
  [tf.RMSPropOptimizer, { lists: { rms: 'accumulatedMeanSquares', momentum: 'accumulatedMoments' } }],
  [tf.AdagradOptimizer, { lists: { accumulator: 'accumulatedGrads' } }],
  [tf.AdadeltaOptimizer, { lists: { accum_grad: 'accumulatedGrads', accum_var: 'accumulatedUpdates' } }],
  [
    tf.AdamOptimizer,
    {
      numbers: ['accBeta1', 'accBeta2'],
      lists: { m: 'accumulatedFirstMoment', v: 'accumulatedSecondMoment' },
    },
  ],
  [
    tf.AdamaxOptimizer,
    {
      numbers: ['accBeta1', 'iteration'],
      lists: { m: 'accumulatedFirstMoment', v: 'accumulatedWeightedInfNorm' },
    },
  ],
]);

/** A restored state: what it is of, until the variables of an update are known. */
const restored = new WeakMap<tf.Optimizer, readonly SavedVariable[]>();

// Not `instanceof`, which TensorFlow.js makes true for every pair of optimizer and optimizer class.
function memoryOf(optimizer: tf.Optimizer): Memory | undefined {
  const memory = memories.get(optimizer.constructor);
  const { centered } = optimizer as Fields;
  return memory && centered ? { ...memory, lists: { ...memory.lists, mg: 'accumulatedMeanGrads' } } : memory;
}

function slotsOf(optimizer: tf.Optimizer, field: string): (TfjsSlot | undefined)[] {
  return (optimizer as Fields)[field] as TfjsSlot[];
}

function nameOf({ originalName }: TfjsSlot, suffix: string): string {
  return originalName.slice(0, -suffix.length - 1);
}

/**
 * All that an optimizer of TensorFlow.js's remembers, undefined for others. Beside its own `getWeights` these are the
 * bias corrections themselves: made again from the step count they would count skipped updates.
 */
export function tfjsWeights(optimizer: tf.Optimizer): NamedTensor[] | undefined {
  const memory = memoryOf(optimizer);
  if (memory === undefined) return undefined;
  const numbers = (memory.numbers ?? []).map((name) => ({
    name,
    tensor: (optimizer as Fields)[name] as tf.Variable,
  }));
  const slots = Object.entries(memory.lists ?? {}).flatMap(([suffix, field]) =>
    inOrder(optimizer, slotsOf(optimizer, field), suffix).map(({ originalName, variable }) => ({
      name: originalName,
      tensor: variable as tf.Tensor,
    })),
  );
  return [countOf(optimizer), ...numbers, ...slots];
}

/** Slots in the order in which their variables were made; those whose variables are gone, or not known yet, as they are. */
function inOrder(
  optimizer: tf.Optimizer,
  slots: readonly (TfjsSlot | undefined)[],
  suffix: string,
): TfjsSlot[] {
  const there = slots.filter((slot) => slot !== undefined);
  if (restored.has(optimizer)) return there;
  const registered = tf.engine().registeredVariables;
  const idOf = (slot: TfjsSlot) => registered[nameOf(slot, suffix)]?.id ?? Number.POSITIVE_INFINITY;
  return there.sort((one, other) => Math.sign(idOf(one) - idOf(other)) || 0);
}

/** Checks what `tfjsWeights` gave, and returns what makes it the optimizer's state; undefined for other classes. */
export async function stageTfjsWeights(
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
    restored.set(optimizer, saved);
    arrangeBeforeUpdates(optimizer);
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

/** From now on an optimizer of TensorFlow.js's finds its slots by name; the first update binds restored ones. */
export function arrangeBeforeUpdates(optimizer: tf.Optimizer): void {
  if (memoryOf(optimizer) === undefined || Object.hasOwn(optimizer, 'applyGradients')) return;
  optimizer.applyGradients = function (this: tf.Optimizer, gradients) {
    const entries: readonly { name: string; tensor: tf.Tensor | null | undefined }[] = Array.isArray(
      gradients,
    )
      ? gradients
      : Object.entries(gradients).map(([name, tensor]) => ({ name, tensor }));
    const registered = tf.engine().registeredVariables;
    const variables = (of: typeof entries) => of.flatMap(({ name }) => registered[name] ?? []);
    bindTfjsSlots(this, variables(entries), variables(entries.filter(({ tensor }) => tensor != null)));
    arrangeTfjsSlots(
      this,
      entries.map(({ name }) => name),
    );
    // Looked up late: fused kernels may come.
    (Object.getPrototypeOf(this) as tf.Optimizer).applyGradients.call(this, gradients);
  };
}

/**
 * Gives restored slots the names that their variables have here. Does nothing where no restored state waits for it.
 *
 * @throws Error when the state fits none of the lists.
 */
export function bindTfjsSlots(optimizer: tf.Optimizer, ...lists: readonly (readonly tf.Variable[])[]): void {
  const saved = restored.get(optimizer);
  if (saved === undefined || saved.length === 0 || lists[0]?.length === 0) return;
  const [binding] = lists.flatMap((variables) => bindVariables(saved, asMade(variables)) ?? []);
  if (binding === undefined) throw misfit(saved, lists[0]!);
  restored.delete(optimizer);
  for (const [suffix, field] of Object.entries(memoryOf(optimizer)?.lists ?? {}))
    for (const slot of slotsOf(optimizer, field))
      if (slot) slot.originalName = `${binding.get(nameOf(slot, suffix)) ?? nameOf(slot, suffix)}/${suffix}`;
}

/**
 * Puts the slots of the variables at the places that the variables have in an update. TensorFlow.js's optimizers find
 * a slot by its place alone: two models that are trained in turn would share them.
 */
export function arrangeTfjsSlots(optimizer: tf.Optimizer, names: readonly string[]): void {
  for (const [suffix, field] of Object.entries(memoryOf(optimizer)?.lists ?? {})) {
    const slots = slotsOf(optimizer, field);
    if (names.every((name, i) => slots[i]?.originalName === `${name}/${suffix}`)) continue;
    const byName = new Map(slots.flatMap((slot) => (slot ? [[slot.originalName, slot] as const] : [])));
    const first = names.map((name) => {
      const slot = byName.get(`${name}/${suffix}`);
      byName.delete(`${name}/${suffix}`);
      return slot;
    });
    (optimizer as Fields)[field] = [...first, ...byName.values()];
  }
}
