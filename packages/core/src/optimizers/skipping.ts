import * as tf from '@tensorflow/tfjs-core';
import { VariableSnapshot } from '../engine/snapshot.js';

const listeners = new Set<(ok: tf.Tensor) => void>();

/** Tells whoever waits for it whether an update counted (`onNonFinite: 'skip'`): a bool Scalar, on the device. */
export function announceUpdate(ok: tf.Tensor): void {
  for (const listener of listeners) listener(ok);
}

/** Runs an update and what is added to it, which is taken back, slots included, where the update is skipped. */
export function withAddition<T>(update: () => T, add: () => void): T {
  let ok: tf.Tensor | undefined;
  const listener = (counted: tf.Tensor) => {
    const previous = ok;
    ok = tf.tidy(() => tf.keep(previous ? tf.logicalAnd(previous, counted) : tf.clone(counted)));
    previous?.dispose();
  };
  try {
    listeners.add(listener);
    const result = update();
    listeners.delete(listener);
    const before = ok && new VariableSnapshot();
    try {
      add();
      before?.keepIf(ok!);
    } finally {
      before?.dispose();
    }
    return result;
  } finally {
    listeners.delete(listener);
    ok?.dispose();
  }
}
