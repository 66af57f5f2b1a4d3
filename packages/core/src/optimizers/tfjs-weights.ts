import * as tf from '@tensorflow/tfjs-core';
import type { NamedTensor, PendingState } from '../oracle/slots.js';
import { countOf } from './count.js';

/** A slot of TensorFlow.js's optimizers, which find it by its place in a list. */
export interface TfjsSlot {
  originalName: string;
  variable: tf.Variable;
}

/** The fields that TensorFlow.js's optimizers have at run time; their declarations hide them. */
export type Fields = tf.Optimizer & Record<string, unknown> & { readonly centered?: boolean };

/** The memory of a class of TensorFlow.js's: fields that are one number, and lists of slots by the ends of names. */
export interface Memory {
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

/** Restored states, until the variables of an update are known. */
const restored = new WeakMap<tf.Optimizer, PendingState>();

/** Lets a restored state wait for the variables of an update. */
export function awaitVariables(optimizer: tf.Optimizer, pending: PendingState | undefined): void {
  if (pending) restored.set(optimizer, pending);
  else restored.delete(optimizer);
  arrangeBeforeUpdates(optimizer);
}

// Not `instanceof`, which TensorFlow.js makes true for every pair of optimizer and optimizer class.
export function memoryOf(optimizer: tf.Optimizer): Memory | undefined {
  const memory = memories.get(optimizer.constructor);
  const { centered } = optimizer as Fields;
  return memory && centered ? { ...memory, lists: { ...memory.lists, mg: 'accumulatedMeanGrads' } } : memory;
}

export function slotsOf(optimizer: tf.Optimizer, field: string): (TfjsSlot | undefined)[] {
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
  const pending = restored.get(optimizer);
  if (pending === undefined || lists[0]?.length === 0) return;
  const here = pending.bind(...lists);
  restored.delete(optimizer);
  for (const [suffix, field] of Object.entries(memoryOf(optimizer)?.lists ?? {}))
    for (const slot of slotsOf(optimizer, field))
      if (slot) slot.originalName = `${here(nameOf(slot, suffix))}/${suffix}`;
}

/**
 * Puts the slots of the variables at the places that the variables have in an update. TensorFlow.js's optimizers find
 * a slot by its place alone: two models that are trained in turn would share them.
 */
function arrangeTfjsSlots(optimizer: tf.Optimizer, names: readonly string[]): void {
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
