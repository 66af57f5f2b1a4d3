import type * as tf from '@tensorflow/tfjs-core';
import { createFromConfig } from '../declare/config.js';

/** `fromConfig` of core's optimizers: a model that is loaded with its optimizer calls it. */
export function optimizerFromConfig(name: string, config: tf.serialization.ConfigDict): unknown {
  // tfjs-layers adds the custom objects of the model that is being loaded.
  const { customObjects: _, ...options } = config;
  return createFromConfig('base-optimizer', { ...options, name });
}
