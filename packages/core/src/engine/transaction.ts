import type * as tf from '@tensorflow/tfjs-core';
import { VariableSnapshot } from './snapshot.js';

/** Functions that undo what is no assignment to a variable, one list per transaction under way. */
const underway: (() => void)[][] = [];

/** Tells the transaction under way, if any, how to undo what has just been done. */
export function undoOnThrow(undo: () => void): void {
  underway.at(-1)?.push(undo);
}

/**
 * Runs `f`, and leaves nothing of it behind where it throws: variables, the slots that the optimizer made, its step count
 * and whatever was announced by `undoOnThrow` are as before.
 *
 * @param f - Given the values of the variables before it.
 */
export function undoneOnThrow<T>(optimizer: tf.Optimizer, f: (before: VariableSnapshot) => T): T {
  const before = new VariableSnapshot();
  const undo = [memoryOf(optimizer)];
  underway.push(undo);
  try {
    const result = f(before);
    // An outer transaction may yet fail.
    underway.at(-2)?.push(...undo);
    return result;
  } catch (error) {
    before.restore();
    for (const each of undo.reverse()) each();
    throw error;
  } finally {
    underway.pop();
    before.dispose();
  }
}

/** Fields of TensorFlow.js's optimizers, and of those that are made like them: slots in arrays, and a step count. */
type Fields = Record<string, unknown> & { readonly base?: tf.Optimizer; iterations_?: unknown };

/** Remembers what an optimizer, and those inside it, hold beside the values of variables. @returns Puts it back. */
function memoryOf(optimizer: tf.Optimizer): () => void {
  const undo: (() => void)[] = [];
  for (let at = optimizer as unknown as Fields | undefined; at; at = at.base as unknown as Fields) {
    const fields = at;
    // TensorFlow.js makes the field with the first step.
    const { iterations_ } = fields;
    undo.push(() => {
      fields.iterations_ = iterations_;
    });
    for (const [key, value] of Object.entries(fields))
      if (Array.isArray(value)) undo.push(arrayBefore(fields, key, value));
  }
  return () => {
    for (const each of undo) each();
  };
}

function arrayBefore(fields: Fields, key: string, array: unknown[]): () => void {
  const before = [...array];
  return () => {
    for (const slot of fields[key] as unknown[]) if (!before.includes(slot)) disposeSlot(slot);
    array.splice(0, array.length, ...before);
    fields[key] = array;
  };
}

function disposeSlot(slot: unknown): void {
  const { variable } = (slot ?? {}) as { variable?: tf.Variable };
  if (typeof variable?.dispose === 'function') variable.dispose();
}
