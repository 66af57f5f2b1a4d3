import * as tf from '@tensorflow/tfjs-core';
import { type NamedConfig, registerFactory } from '../declare/config.js';

type OptimizerClass = tf.serialization.SerializableConstructor<tf.Optimizer> & {
  readonly className: string;
  /** Core's own have it. */
  readonly configName?: string;
};

/** Names of the base optimizers in configurations. TensorFlow.js's own SGD yields the name to core's. */
const classes: Readonly<Record<string, OptimizerClass>> = {
  'tfjs-sgd': tf.SGDOptimizer as unknown as OptimizerClass,
  momentum: tf.MomentumOptimizer as unknown as OptimizerClass,
  adam: tf.AdamOptimizer as unknown as OptimizerClass,
  adamax: tf.AdamaxOptimizer as unknown as OptimizerClass,
  rmsprop: tf.RMSPropOptimizer as unknown as OptimizerClass,
  adagrad: tf.AdagradOptimizer as unknown as OptimizerClass,
  adadelta: tf.AdadeltaOptimizer as unknown as OptimizerClass,
};

/** What each class's constructor does not default by itself. */
const defaults: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  momentum: { momentum: 0.9, useNesterov: false },
  adam: { learningRate: 0.001, beta1: 0.9, beta2: 0.999 },
  adamax: { learningRate: 0.002, beta1: 0.9, beta2: 0.999, decay: 0 },
  rmsprop: { decay: 0.9, momentum: 0, centered: false },
  adagrad: { initialAccumulatorValue: 0.1 },
  adadelta: { learningRate: 0.001, rho: 0.95 },
};

for (const [name, type] of Object.entries(classes)) {
  registerFactory('base-optimizer', name, (options) =>
    type.fromConfig(type, { ...defaults[name], ...options } as tf.serialization.ConfigDict),
  );
}

const selfDescribing = ['TfjsSamWrapper', 'SharpnessAwareOptimizer'];

/** How to make a base optimizer again: its name and options. An unknown class gives `{ name: 'custom' }`. */
export function configOfBase(base: tf.Optimizer): NamedConfig {
  // Not `instanceof`, which TensorFlow.js makes true for every pair of optimizer and optimizer class.
  const type = base.constructor as unknown as OptimizerClass;
  if (type.configName !== undefined) return { name: type.configName, ...base.getConfig() };
  // By the name of their class, as those two import this module: both say all of it themselves.
  if (selfDescribing.includes(type.className)) return base.getConfig() as unknown as NamedConfig;
  const known = Object.entries(classes).find(([, candidate]) => type === candidate);
  if (known === undefined) return { name: 'custom' };
  const given = Object.entries(base.getConfig() ?? {}).filter(([, value]) => value != null);
  return { name: known[0], ...Object.fromEntries(given) };
}
