import * as tf from '@tensorflow/tfjs-core';
import { explained } from '../engine/diagnosis.js';
import { notingKept, standInFor } from '../engine/keeping.js';
import { LayerMemory } from '../engine/layer-memory.js';
import { referenceTo } from '../engine/reference.js';

/** A tensor that the first evaluation kept: the closure's own, and a reference in case that the closure frees it. */
interface Kept {
  readonly tensor: tf.Tensor;
  readonly reference: tf.Tensor;
}

/**
 * The traces of one loss closure within a step, beside variables: the tensors that it keeps, and what its layers
 * remember. All of it is the first evaluation's.
 */
export class ClosureTrace {
  readonly #layers = new LayerMemory();
  #first: Kept[] | undefined;

  /** Runs an evaluation of the closure. Where it throws, what it kept is freed. */
  evaluate<T>(loss: () => tf.Scalar, run: () => T): T {
    const kept: tf.Tensor[] = [];
    let result: T;
    try {
      result = this.#layers.around(() => notingKept(kept, run));
    } catch (error) {
      // TensorFlow.js's tape is among them: it is left behind when a closure throws.
      tf.dispose(kept);
      throw explained(error, loss);
    }
    const own = [...new Set(kept)].filter(
      (tensor) => !tensor.isDisposed && !this.#layers.holds(tensor) && !isTaped(tensor),
    );
    if (this.#first === undefined)
      this.#first = own.map((tensor) => ({ tensor, reference: referenceTo(tensor) }));
    else replaceByFirst(own, this.#first);
    return result;
  }

  /** As `evaluate`, of a loss that is evaluated once: its layers do not advance. */
  measure<T>(loss: () => tf.Scalar, run: () => T): T {
    try {
      return this.evaluate(loss, run);
    } finally {
      this.undo();
      this.end();
    }
  }

  /** Puts the layers' memory back to where the step found it. */
  undo(): void {
    this.#layers.undo();
  }

  /** As `undo` where `ok` is false: decided on the device. */
  keepIf(ok: tf.Tensor): void {
    this.#layers.keepIf(ok);
  }

  /** The step is over: what it kept is the closure's alone. */
  end(): void {
    for (const { reference } of this.#first ?? []) reference.dispose();
    this.#first = undefined;
  }
}

/**
 * Gives what a later evaluation kept the first one's values, from the last one on: what a closure makes once and keeps for
 * good comes first.
 */
function replaceByFirst(later: readonly tf.Tensor[], first: readonly Kept[]): void {
  let at = first.length - 1;
  for (const tensor of [...later].reverse()) {
    while (at >= 0 && !isAlike(tensor, first[at]!.reference)) at--;
    if (at < 0) return;
    const { tensor: original, reference } = first[at--]!;
    // A reference of its own: the closure may free this one too, in the next evaluation.
    standInFor(tensor, original.isDisposed ? referenceTo(reference) : original);
  }
}

function isAlike(a: tf.Tensor, b: tf.Tensor): boolean {
  return a.dtype === b.dtype && tf.util.arraysEqual(a.shape, b.shape);
}

/** Inside a gradient of the caller's, the tape lives on. */
function isTaped(tensor: tf.Tensor): boolean {
  const { gradientDepth, activeTape } = tf.engine().state;
  return gradientDepth > 0 && (activeTape ?? []).some(({ saved }) => saved?.includes(tensor));
}
