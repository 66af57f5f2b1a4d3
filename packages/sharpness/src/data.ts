import * as tf from '@tensorflow/tfjs-core';
import type { LabelledData, ModelLike } from './subject.js';

/** The loss that a model was compiled with; Layers take a list of them, one for each output. */
export function lossNameOf({ loss }: ModelLike): unknown {
  return Array.isArray(loss) && loss.length === 1 ? loss[0] : loss;
}

/** The form of a loss's targets, and an entry or a row for each that it would read as something else. */
const targets: Readonly<Record<string, { takes: string; wrong(y: tf.Tensor, classes: number): tf.Tensor }>> =
  {
    categoricalCrossentropy: {
      takes: 'distributions over the classes (entries >= 0, of sum 1, in each row)',
      wrong: (y) =>
        tf.logicalNot(
          tf.logicalAnd(
            tf.lessEqual(tf.abs(tf.sub(tf.sum(y, -1), 1)), 1e-3),
            tf.greaterEqual(tf.min(y, -1), 0),
          ),
        ),
    },
    sparseCategoricalCrossentropy: {
      takes: 'classes, integers from 0 to below the number of outputs',
      wrong: (y, classes) =>
        tf.logicalNot(
          tf.logicalAnd(tf.equal(y, tf.floor(y)), tf.logicalAnd(tf.greaterEqual(y, 0), tf.less(y, classes))),
        ),
    },
    binaryCrossentropy: {
      takes: 'numbers in [0, 1]',
      wrong: (y) => tf.logicalNot(tf.logicalAnd(tf.greaterEqual(y, 0), tf.lessEqual(y, 1))),
    },
  };

/**
 * Refuses data that a model's loss would read as something else without a word.
 *
 * @throws TypeError for no data, or a model of several inputs or outputs; RangeError for no examples, for another number or
 *   shape of targets, and for targets that are not what the loss takes.
 */
export async function requireData(model: ModelLike, data: readonly LabelledData[]): Promise<void> {
  const { inputs, outputs } = model;
  if (inputs.length !== 1 || outputs.length !== 1)
    throw new TypeError(
      `sharpness: expected a model of one input and one output, got ${inputs.length} and ${outputs.length}. Give a loss in two parts instead: { outputs, lossOf }`,
    );
  if (data.length === 0) throw new TypeError('sharpness: expected data { x, y } with a model, got none');
  const name = lossNameOf(model);
  const shape = outputs[0]!.shape.slice(1);
  const own = name === 'sparseCategoricalCrossentropy' ? shape.slice(0, -1) : shape;
  for (const { x, y } of data) {
    const got = `got x [${x.shape}] and y [${y.shape}]`;
    if (!(x.shape[0]! > 0 && x.shape[0] === y.shape[0]))
      throw new RangeError(`sharpness: expected as many targets as examples, at least one, ${got}`);
    const size = own.reduce<number>((product, n) => product * (n ?? Number.NaN), y.shape[0]!);
    // [batch] is read as [batch, 1], as Layers do; of distributions the last axis is that of the classes.
    const isShort = name === 'categoricalCrossentropy' && y.shape.at(-1) !== shape.at(-1);
    if (isShort || (y.size !== size && !Number.isNaN(size)))
      throw new RangeError(`sharpness: expected y [${['batch', ...own]}] for ${name}, ${got}`);
  }
  const { takes, wrong } = targets[name as string] ?? {};
  if (!wrong) return;
  const found = tf.tidy(() =>
    tf.stack(data.map(({ y }) => tf.sum(tf.cast(wrong(tf.cast(y, 'float32'), shape.at(-1)!), 'int32')))),
  );
  const counts = Array.from(await found.data());
  found.dispose();
  const count = counts.reduce((sum, each) => sum + each, 0);
  if (count > 0)
    throw new RangeError(`sharpness: expected y to be ${takes} for ${name}, got ${count} that are not`);
}
