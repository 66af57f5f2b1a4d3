import * as tf from '@tensorflow/tfjs-core';
import { setLearningRate } from '../../optimizers/learning-rate.js';
import { restoreWeights, weightsOf } from '../../optimizers/weights.js';
import type { NamedTensor } from '../../oracle/state.js';
import { type Config, firstDifference } from './difference.js';

const FORMAT = 'tfjs-sam-optimizer-state';
const VERSION = 1;

/** What is saved in the place of a model's topology. */
interface Header {
  readonly format: string;
  readonly version: number;
  readonly className: string;
  readonly config: Config;
}

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
 * @throws Error when nothing can save there.
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
  const weights = await weightsOf(optimizer);
  try {
    const { data, specs } = await tf.io.encodeWeights(weights);
    return await handler.save({
      modelTopology: headerOf(optimizer),
      weightSpecs: specs,
      weightData: data,
      format: FORMAT,
      generatedBy: 'tfjs-sam',
      convertedBy: null,
    });
  } finally {
    // The counts were made for this call; everything else is the optimizer's.
    for (const { name, tensor } of weights) if (/(^|\/)iter$/.test(name)) tensor.dispose();
  }
}

/**
 * Restores what `saveState` saved into a new optimizer of the same configuration: with the model's weights restored
 * as well, the training continues as if it had not been interrupted. Over core's base optimizers it does so bit for
 * bit, over TensorFlow.js's within rounding. A learning rate that was changed during the training is restored.
 *
 * @param handlerOrUrl - As `saveState`.
 * @throws Error when there is no such state, or it is of an optimizer of another configuration; then nothing changed.
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
  const { modelTopology, weightSpecs = [], weightData } = await handler.load();
  const config = checked(modelTopology, optimizer);
  const decoded = await tf.io.decodeWeights(weightData ?? new ArrayBuffer(0), weightSpecs);
  try {
    // In the saved order: TensorFlow.js takes the first for the step count.
    const weights: NamedTensor[] = weightSpecs.map(({ name }) => ({ name, tensor: decoded[name]! }));
    await restoreWeights(optimizer, weights);
  } finally {
    tf.dispose(decoded);
  }
  restoreLearningRate(optimizer, config);
}

function headerOf(optimizer: tf.Optimizer): Header {
  const config = JSON.parse(JSON.stringify(optimizer.getConfig() ?? {})) as Config;
  return { format: FORMAT, version: VERSION, className: optimizer.getClassName(), config };
}

/** The saved configuration, when it is this optimizer's. */
function checked(topology: unknown, optimizer: tf.Optimizer): Config {
  const saved = (topology ?? {}) as Partial<Header>;
  if (saved.format !== FORMAT || saved.config === undefined) {
    throw new Error(
      `restoreState: expected a state written by saveState, got ${saved.format ?? 'something else'}. A model is loaded by tf.loadLayersModel.`,
    );
  }
  if (saved.version !== VERSION) {
    throw new Error(
      `restoreState: expected a state of version ${VERSION}, got ${saved.version}. Use the release of tfjs-sam that wrote it.`,
    );
  }
  const own = headerOf(optimizer);
  const difference = firstDifference(
    { class: saved.className, ...saved.config },
    { class: own.className, ...own.config },
  );
  if (difference === undefined) return saved.config;
  throw new Error(
    `restoreState: expected the state of an optimizer of the same configuration, got another: ${difference}. Make the optimizer with the options that it had when its state was saved.`,
  );
}

/** Sets the rates that are numbers, level by level; schedules are part of the configuration, and agree. */
function restoreLearningRate(optimizer: tf.Optimizer, saved: Config): void {
  const { learningRate, base } = saved;
  if (typeof learningRate === 'number') setLearningRate(optimizer, learningRate);
  const inner = (optimizer as { base?: tf.Optimizer }).base;
  if (inner && typeof base === 'object' && base !== null) restoreLearningRate(inner, base as Config);
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
