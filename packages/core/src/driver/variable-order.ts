import * as tf from '@tensorflow/tfjs-core';

/**
 * The variables that an optimizer has trained, in one order for its life, which grows at the end: TensorFlow.js's optimizers
 * find their slots by place.
 */
export class VariableOrder {
  readonly #shapes = new Map<string, readonly number[]>();
  readonly #owner: string;

  /** @param owner - Name in messages. */
  constructor(owner: string) {
    this.#owner = owner;
  }

  /** All names so far. */
  get names(): readonly string[] {
    return [...this.#shapes.keys()];
  }

  /** The variables in this order, each once; new ones last. @throws Error when one has another shape than before. */
  arranged(variables: Iterable<tf.Variable>): tf.Variable[] {
    const given = new Map([...variables].map((variable) => [variable.name, variable]));
    for (const { name, shape } of given.values()) this.#requireShape(name, shape);
    const known = this.names.flatMap((name) => given.get(name) ?? []);
    return [...known, ...[...given.values()].filter(({ name }) => !this.#shapes.has(name))];
  }

  /** Takes the variables in. */
  add(variables: readonly { readonly name: string; readonly shape: readonly number[] }[]): void {
    for (const { name, shape } of variables) if (!this.#shapes.has(name)) this.#shapes.set(name, [...shape]);
  }

  #requireShape(name: string, shape: readonly number[]): void {
    const before = this.#shapes.get(name);
    if (before === undefined || tf.util.arraysEqual([...before], [...shape])) return;
    throw new Error(
      `${this.#owner}: expected variable "${name}" to keep its shape [${before}], got [${shape}]. An optimizer remembers variables by name: make a new one for another model, or give its variables other names.`,
    );
  }
}
