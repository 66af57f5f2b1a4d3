import type * as tf from '@tensorflow/tfjs-core';

type Listener = (variable: tf.Variable) => void;

const listeners = new Set<Listener>();

/** Prototypes whose `assign` tells. */
const watched = new WeakSet<object>();

/**
 * Calls `listener` with every variable that is about to be assigned to. TensorFlow.js has no event for it; to compare all
 * variables before and after would cost what other models of the process have.
 *
 * @param known - Any variable. The engine makes them all, of one class; where a process holds TensorFlow.js twice, that
 *   may not be the `tf.Variable` of this module.
 * @returns Ends it.
 */
export function beforeAssignments(known: tf.Variable, listener: Listener): () => void {
  watch(Object.getPrototypeOf(known) as tf.Variable);
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function watch(prototype: tf.Variable): void {
  if (watched.has(prototype)) return;
  watched.add(prototype);
  const { assign } = prototype;
  prototype.assign = function (this: tf.Variable, value) {
    for (const listener of listeners) listener(this);
    assign.call(this, value);
  };
}
