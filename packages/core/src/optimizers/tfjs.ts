import * as tf from '@tensorflow/tfjs-core';
import type { NamedConfig } from '../declare/config.js';

type OptimizerClass = tf.serialization.SerializableConstructor<tf.Optimizer> & {
  readonly className: string;
  /** Core's own have it. */
  readonly configName?: string;
};

/** Names of the base optimizers in configurations. TensorFlow.js's own SGD yields the name to core's. */
export const tfjsClasses = {
  'tfjs-sgd': tf.SGDOptimizer as unknown as OptimizerClass,
  momentum: tf.MomentumOptimizer as unknown as OptimizerClass,
  adam: tf.AdamOptimizer as unknown as OptimizerClass,
  adamax: tf.AdamaxOptimizer as unknown as OptimizerClass,
  rmsprop: tf.RMSPropOptimizer as unknown as OptimizerClass,
  adagrad: tf.AdagradOptimizer as unknown as OptimizerClass,
  adadelta: tf.AdadeltaOptimizer as unknown as OptimizerClass,
};

const selfDescribing = ['TfjsSamWrapper', 'SharpnessAwareOptimizer'];

/** Name and options of a base optimizer, to make it again. An unknown class gives `{ name: 'custom' }`. */
export function configOfBase(base: tf.Optimizer): NamedConfig {
  // Not `instanceof`, which TensorFlow.js makes true for every pair of optimizer and optimizer class.
  const type = base.constructor as unknown as OptimizerClass;
  if (type.configName !== undefined) return { name: type.configName, ...base.getConfig() };
  // By the name of their class, as those two import this module: both say all of it themselves.
  if (selfDescribing.includes(type.className)) return base.getConfig() as unknown as NamedConfig;
  const known = Object.entries(tfjsClasses).find(([, candidate]) => type === candidate);
  if (known === undefined) return { name: 'custom' };
  const given = Object.entries(base.getConfig() ?? {}).filter(([, value]) => value != null);
  return { name: known[0], ...Object.fromEntries(given) };
}
