import * as tf from '@tensorflow/tfjs-core';

type Listener = (variable: tf.Variable) => void;

const listeners = new Set<Listener>();

/** Prototypes whose `assign` tells. */
const watched = new WeakSet<object>();

/**
 * Calls `listener` with every variable that is about to be assigned to. TensorFlow.js has no event for it; to compare all
 * variables before and after would cost what other models of the process have.
 *
 * @returns Ends it.
 */
export function beforeAssignments(listener: Listener): () => void {
  watch();
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/**
 * The engine makes all variables, of one class; where a process holds TensorFlow.js twice, that may not be the
 * `tf.Variable` of this module: any variable that is registered shows which.
 */
function watch(): void {
  const { registeredVariables } = tf.engine().state;
  for (const name in registeredVariables) {
    watchClass(Object.getPrototypeOf(registeredVariables[name]!) as tf.Variable);
    break;
  }
  watchClass(tf.Variable.prototype);
}

function watchClass(prototype: tf.Variable): void {
  if (watched.has(prototype)) return;
  watched.add(prototype);
  const { assign } = prototype;
  prototype.assign = function (this: tf.Variable, value) {
    for (const listener of listeners) listener(this);
    assign.call(this, value);
  };
}
