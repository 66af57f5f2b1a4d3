import * as tf from '@tensorflow/tfjs-core';
import { choose } from '../algebra/vector.js';
import { beforeAssignments } from './assignments.js';
import { referenceTo } from './reference.js';

/**
 * The values of every variable at one moment, so that an update by any optimizer (its slots are variables too) can be
 * undone. A variable's value is taken when it is first assigned to, by reference: other models' variables cost nothing.
 */
export class VariableSnapshot {
  readonly #before = new Map<tf.Variable, tf.Tensor>();
  readonly #end: () => void;

  constructor() {
    this.#end = beforeAssignments((variable) => {
      if (!this.#before.has(variable)) this.#before.set(variable, referenceTo(variable));
    });
  }

  /** True of a variable that was assigned to since. */
  has(variable: tf.Variable): boolean {
    return this.#before.has(variable);
  }

  /** Puts everything back. */
  restore(): void {
    this.#eachChanged((variable, before) => variable.assign(before));
  }

  /** Keeps the new values where `ok` is true, else puts the old ones back: decided on the device. */
  keepIf(ok: tf.Tensor): void {
    // Variables that shared their data before and after still do.
    const chosen = new Map<object, Map<object, tf.Tensor>>();
    tf.tidy(() => {
      this.#eachChanged((variable, before) => {
        const after = chosen.get(before.dataId) ?? new Map<object, tf.Tensor>();
        chosen.set(before.dataId, after);
        const known = after.get(variable.dataId);
        const same = known && tf.util.arraysEqual(known.shape, variable.shape);
        const value = same ? known : choose(ok, [variable], [before])[0]!;
        after.set(variable.dataId, value);
        variable.assign(value);
      });
    });
  }

  dispose(): void {
    this.#end();
    tf.dispose([...this.#before.values()]);
    this.#before.clear();
  }

  #eachChanged(change: (variable: tf.Variable, before: tf.Tensor) => void): void {
    for (const [variable, before] of this.#before) {
      // A variable made meanwhile may be gone; one that was put back already has the very same data.
      if (!variable.isDisposed && variable.dataId !== before.dataId) change(variable, before);
    }
  }
}
