import * as tf from '@tensorflow/tfjs-core';
import { choose } from '../algebra/vector.js';
import { beforeAssignments } from './assignments.js';

/**
 * The values of every variable at one moment, so that an update by any optimizer (its slots are variables too) can be
 * undone. A variable's value is taken when it is first assigned to, by reference: other models' variables cost nothing.
 */
export class VariableSnapshot {
  readonly #before = new Map<tf.Variable, tf.Tensor>();
  readonly #existing: ReadonlySet<string>;
  readonly #end: () => void = () => {};

  constructor() {
    const names = Object.keys(tf.engine().registeredVariables);
    const known = tf.engine().registeredVariables[names[0] ?? ''];
    this.#existing = new Set(names);
    if (known) this.#end = beforeAssignments(known, (variable) => this.#note(variable));
  }

  /** Puts everything back. A slot created since gets what it had before it was first assigned to, else zero. */
  restore(): void {
    this.#eachChanged((variable, before) => variable.assign(before));
  }

  /** Keeps the new values where `ok` is true, else puts the old ones back: decided on the device. */
  keepIf(ok: tf.Tensor): void {
    this.#eachChanged((variable, before) => variable.assign(choose(ok, [variable], [before])[0]!));
  }

  dispose(): void {
    this.#end();
    tf.dispose([...this.#before.values()]);
    this.#before.clear();
  }

  #note(variable: tf.Variable): void {
    if (!this.#before.has(variable)) this.#before.set(variable, tf.keep(tf.clone(variable)));
  }

  #eachChanged(change: (variable: tf.Variable, before: tf.Tensor) => void): void {
    this.#end();
    const { registeredVariables } = tf.engine();
    for (const name of Object.keys(registeredVariables)) {
      const variable = registeredVariables[name]!;
      const before = this.#before.get(variable);
      if (before || !this.#existing.has(name))
        tf.tidy(() => change(variable, before ?? tf.zerosLike(variable)));
    }
  }
}
