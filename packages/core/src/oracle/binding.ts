import * as tf from '@tensorflow/tfjs-core';
import type { PendingState } from './slots.js';
import { asMade } from './variables.js';

/** A variable as a saved state knows it: without a shape where all that is saved of it are single numbers. */
export interface SavedVariable {
  readonly name: string;
  readonly shape: readonly number[] | undefined;
}

/** The marks by which a variable is found. */
type Found = Pick<tf.Variable, 'name' | 'shape'>;

/** A state of saved variables that waits for those of an update. */
export function pendingState(saved: readonly SavedVariable[]): PendingState {
  const refused = (found: readonly Found[]) => misfit(saved, found);
  return {
    refused,
    bind: (...lists) => {
      const [binding] = lists.flatMap((variables) => bindVariables(saved, asMade(variables)) ?? []);
      if (binding === undefined) throw refused(lists[0]!);
      return (name) => binding.get(name) ?? name;
    },
  };
}

/**
 * Finds the variables that a saved state belongs to: all by exact name and shape, or all by order and shape, as
 * generated names shift when a process makes another layer first. By name, the state may be of fewer variables than
 * were found, or of more (some were frozen since, two models are trained in turn) as long as those exist: where one
 * does not, names may have shifted, and a slot would land on the wrong variable. By order, it may be of neither.
 *
 * @returns The names of the found variables by those that were saved; undefined where they do not fit.
 */
function bindVariables(
  saved: readonly SavedVariable[],
  found: readonly Found[],
): ReadonlyMap<string, string> | undefined {
  const names = new Set(found.map(({ name }) => name));
  const named = saved.filter(({ name }) => names.has(name));
  const { registeredVariables } = tf.engine();
  const exist = () => saved.every((entry) => fits(entry, registeredVariables[entry.name]));
  const whole = named.length === saved.length || named.length === names.size;
  if (named.length > 0 && whole && exist()) return new Map(named.map(({ name }) => [name, name]));
  const inOrder = saved.length === found.length && saved.every((entry, i) => fits(entry, found[i]!));
  return inOrder ? new Map(saved.map(({ name }, i) => [name, found[i]!.name])) : undefined;
}

function fits({ shape }: SavedVariable, found: Found | undefined): boolean {
  return found !== undefined && (shape === undefined || tf.util.arraysEqual([...shape], found.shape));
}

/** The error for a state that fits none of the lists of variables that were tried. */
function misfit(saved: readonly SavedVariable[], found: readonly Found[]): Error {
  return new Error(
    `state: expected the variables that the restored state is of, all by name and shape or all by order and shape, got others. Saved: ${list(saved)}. Found: ${list(found)}. Make the model as it was when the state was saved; where a step has no varList, pass one.`,
  );
}

const SHOWN = 12;

function list(variables: readonly { name: string; shape: readonly number[] | undefined }[]): string {
  const shown = variables
    .slice(0, SHOWN)
    .map(({ name, shape }) => `${name} ${shape ? `[${shape}]` : '[?]'}`)
    .join(', ');
  const rest = variables.length - SHOWN;
  return `${variables.length} (${shown}${rest > 0 ? `, and ${rest} more` : ''})`;
}
