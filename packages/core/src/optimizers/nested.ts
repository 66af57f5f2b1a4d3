import type * as tf from '@tensorflow/tfjs-core';
import { createFromConfig } from '../declare/config.js';

/** The optimizer that a wrapper's `base` stands for: made already, or the configuration of a variant. */
export function baseOf(value: unknown): tf.Optimizer {
  const { variant, ...options } = (value ?? {}) as { variant?: unknown };
  if (typeof variant !== 'string') return value as tf.Optimizer;
  return createFromConfig('variant', { ...options, name: variant }) as tf.Optimizer;
}
