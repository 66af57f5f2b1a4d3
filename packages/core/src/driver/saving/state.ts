import * as tf from '@tensorflow/tfjs-core';
import { setLearningRate } from '../../optimizers/learning-rate.js';
import { stageWeights } from '../../optimizers/restoring.js';
import { copyOfWeights } from '../../optimizers/weights.js';
import { type Config, firstDifference } from './difference.js';
import { pack, type SavedState, tensorsOf, unpack } from './format.js';

/**
 * Saves all that an optimizer remembers: step count, the rule's state, the base optimizer's, the learning rate. The
 * model's weights are the model's own: `model.save`.
 *
 * `model.save(handler, { includeOptimizer: true })` keeps weights and optimizer in one act, and `tf.loadLayersModel`
 * makes the optimizer again from its configuration. That needs a configuration in plain JSON: an optimizer with
 * functions among its options is made by hand, and restored by `restoreState`. `tf.train.adamax` alone, which has no
 * `getWeights`, is kept by `saveState`; inside another optimizer by either.
 *
 * @param handlerOrUrl - A `tf.io` handler, or a URL that TensorFlow.js knows: `indexeddb://…`, `localstorage://…`. In
 *   Node, `fileSystem(path)` of `@tfjs-sam/core/node`.
 * @throws Error when nothing can save there, or averages are in the weights' place (`withAverages`).
 * @example
 * await model.save(fileSystem('run/model'));
 * await saveState(optimizer, fileSystem('run/optimizer'));
 */
export async function saveState(
  optimizer: tf.Optimizer,
  handlerOrUrl: tf.io.IOHandler | string,
): Promise<tf.io.SaveResult> {
  const handler = handlerFor('saveState', handlerOrUrl, tf.io.getSaveHandlers);
  if (handler.save === undefined) throw new TypeError('saveState: expected a handler with "save", got none');
  const weights = await copyOfWeights(optimizer);
  try {
    return await handler.save(await pack(optimizer.getClassName(), configOf(optimizer), weights));
  } finally {
    tf.dispose(weights.map(({ tensor }) => tensor));
  }
}

/**
 * Restores what `saveState` saved into a new optimizer of the same configuration: with the model's weights restored
 * as well, the training continues bit for bit as if it had not been interrupted, over TensorFlow.js's optimizers too. A
 * learning rate that was changed during the training is restored.
 *
 * The state finds its variables at the first step, as an optimizer knows none before: all by exact name and shape, or
 * all by order and shape. Where it is of others, that step throws and changes nothing.
 *
 * @param handlerOrUrl - As `saveState`.
 * @throws Error when there is no such state, it was changed after it was saved, or it is of an optimizer of another
 *   configuration; then nothing changed.
 * @example
 * const model = await tf.loadLayersModel(fileSystem('run/model'));
 * const optimizer = msam(tf.train.momentum(0.05, 0.9));
 * await restoreState(optimizer, fileSystem('run/optimizer'));
 * model.compile({ optimizer, loss: 'categoricalCrossentropy' });
 */
export async function restoreState(
  optimizer: tf.Optimizer,
  handlerOrUrl: tf.io.IOHandler | string,
): Promise<void> {
  const handler = handlerFor('restoreState', handlerOrUrl, tf.io.getLoadHandlers);
  if (handler.load === undefined)
    throw new TypeError('restoreState: expected a handler with "load", got none');
  const loaded = await handler.load();
  try {
    const state = unpack(loaded);
    requireSameConfig(state, optimizer);
    const rates = learningRates(optimizer, state.config);
    const tensors = tensorsOf(state);
    try {
      const commit = await stageWeights(optimizer, tensors);
      await commit();
    } finally {
      tf.dispose(tensors.map(({ tensor }) => tensor));
    }
    for (const { level, rate } of rates) setLearningRate(level, rate);
  } catch (error) {
    throw new Error(`restoreState: ${nameOf(handlerOrUrl)}${(error as Error).message}`, { cause: error });
  }
}

function configOf(optimizer: tf.Optimizer): Config {
  return JSON.parse(JSON.stringify(optimizer.getConfig() ?? {})) as Config;
}

/** The place that a message is about, where it has a name. */
function nameOf(place: tf.io.IOHandler | string): string {
  // TensorFlow.js's own handlers have a modelPath or a path, those of Node a path.
  const { path, modelPath } = place as { path?: unknown; modelPath?: unknown };
  const name = typeof place === 'string' ? place : (path ?? modelPath);
  return typeof name === 'string' ? `"${name}": ` : '';
}

function requireSameConfig({ className, config }: SavedState, optimizer: tf.Optimizer): void {
  const difference = firstDifference(
    { class: className, ...config },
    { class: optimizer.getClassName(), ...configOf(optimizer) },
  );
  if (difference === undefined) return;
  throw new Error(
    `expected the state of an optimizer of the same configuration, got another: ${difference}. Make the optimizer with the options that it had when its state was saved.`,
  );
}

/** The saved rates that are numbers, level by level; schedules are part of the configuration, and agree. */
function learningRates(optimizer: tf.Optimizer, saved: Config): { level: tf.Optimizer; rate: number }[] {
  const { learningRate, base } = saved;
  if (typeof learningRate === 'number' && learningRate < 0)
    throw new RangeError(`expected a learning rate >= 0, got ${learningRate}`);
  const own = typeof learningRate === 'number' ? [{ level: optimizer, rate: learningRate }] : [];
  const inner = (optimizer as { base?: tf.Optimizer }).base;
  const isConfig = typeof base === 'object' && base !== null;
  return inner && isConfig ? [...own, ...learningRates(inner, base as Config)] : own;
}

function handlerFor(
  owner: string,
  handlerOrUrl: tf.io.IOHandler | string,
  find: (url: string) => tf.io.IOHandler[],
): tf.io.IOHandler {
  if (typeof handlerOrUrl !== 'string') return handlerOrUrl;
  const [handler] = find(handlerOrUrl);
  if (handler !== undefined) return handler;
  throw new Error(
    `${owner}: expected a URL that TensorFlow.js has a handler for, got "${handlerOrUrl}". In Node, pass fileSystem(path) of @tfjs-sam/core/node.`,
  );
}
