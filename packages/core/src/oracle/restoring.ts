import * as tf from '@tensorflow/tfjs-core';
import { pendingState, type SavedVariable } from './binding.js';
import {
  LOOSE,
  type NamedTensor,
  type SavedSlot,
  SEPARATOR,
  type SlotStore,
  STEPS,
  UPDATES,
} from './slots.js';

/** Keys of scalars that any store may have, of some of the variables. */
const counts: readonly string[] = [STEPS, UPDATES];

/**
 * Checks what a store's `named()` gave, and changes nothing.
 *
 * @returns What replaces everything by it.
 * @throws Error on a name without a key, a key that is not the store's, a name twice, or slots of one variable that
 *   have several shapes or are not complete.
 */
export function stageSlots(store: SlotStore, weights: readonly NamedTensor[]): () => void {
  const slots = weights.map(({ name, tensor }) => ({ ...parse(store.keys, name), tensor }));
  const saved = savedVariables(slots);
  if (store.keys) requireComplete(slots.filter(({ key }) => !counts.includes(key)));
  const names = saved.map(({ name }) => name);
  return () => store.replace(slots, names, pendingState(saved));
}

function parse(keys: readonly string[] | undefined, name: string): { key: string; variable: string } {
  const at = name.indexOf(SEPARATOR);
  if (at < 0) throw new Error(`state: expected a name of the form "key:variable", got "${name}"`);
  const [key, variable] = [name.slice(0, at), name.slice(at + 1)];
  if (keys && !counts.includes(key) && !keys.includes(key))
    throw new Error(`state: expected keys among [${keys.join(', ')}], got "${key}" in "${name}"`);
  return { key, variable };
}

/** The variables that slots are of, in order. */
function savedVariables(slots: readonly SavedSlot[]): SavedVariable[] {
  const shapes = new Map<string, readonly number[] | undefined>();
  const seen = new Set<string>();
  for (const { key, variable, tensor } of slots) {
    const name = `${key}${SEPARATOR}${variable}`;
    if (seen.has(name)) throw new Error(`state: expected each name once, got "${name}" twice`);
    seen.add(name);
    if (variable === LOOSE) continue;
    const known = shapes.get(variable);
    if (tensor.rank > 0 && known && !tf.util.arraysEqual([...known], tensor.shape))
      throw new Error(
        `state: expected one shape for all that is saved of "${variable}", got [${known}] and [${tensor.shape}]`,
      );
    shapes.set(variable, tensor.rank > 0 ? tensor.shape : known);
  }
  return [...shapes].map(([name, shape]) => ({ name, shape }));
}

/** Refuses a state in which a key has slots of some of the variables only. */
function requireComplete(slots: readonly SavedSlot[]): void {
  const saved = savedVariables(slots);
  const names = new Map<string, Set<string>>();
  for (const { key, variable } of slots) names.set(key, (names.get(key) ?? new Set()).add(variable));
  for (const [key, variables] of names) {
    const missing = saved.find(({ name }) => !variables.has(name));
    if (missing) throw new Error(`state: expected "${key}" of every variable, got none of "${missing.name}"`);
  }
}
