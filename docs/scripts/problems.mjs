// Two weights x and y, held as the variables that a method looks for, and a loss of them in the form that it asks for.
import * as tf from '@tensorflow/tfjs-core';
import { lossOf } from '../surfaces/formula.mjs';

/** How x and y may be held: shapes of the variables, their names, where x and y are in them, and how it reads in a caption. */
const holders = {
  vector: {
    shapes: [[2]],
    names: ['weights'],
    at: [
      [0, 0],
      [0, 1],
    ],
    caption: '',
  },
  layers: {
    shapes: [[1, 1], [1]],
    names: ['dense/kernel', 'batch_normalization/gamma'],
    at: [
      [0, 0],
      [1, 0],
    ],
    caption: 'x is the kernel of one layer, y the scale γ of another that normalises',
  },
  kernel: {
    shapes: [[2, 1]],
    names: ['dense/kernel'],
    at: [
      [0, 0],
      [0, 1],
    ],
    caption: 'x and y are the kernel of one output',
  },
  diagonal: {
    shapes: [[2, 2]],
    names: ['dense/kernel'],
    at: [
      [0, 0],
      [0, 3],
    ],
    caption: 'x and y are the diagonal of a kernel of two inputs and outputs',
  },
};

/** The methods that need another holder than a vector of two. */
const holderOf = {
  'metric:each-variable': 'layers',
  'metric:variable-size': 'layers',
  'metric:scaled-sign': 'kernel',
  'metric:centred': 'kernel',
  'metric:polar': 'diagonal',
  'variant:layer-sam': 'layers',
  'variant:layerwise-asam': 'layers',
  'variant:sign-asam': 'kernel',
  'variant:sam-on': 'layers',
  'variant:sl-sam': 'layers',
  'variant:gc-sam': 'kernel',
  'variant:polar-sam': 'diagonal',
  'variant:zsharp': 'kernel',
};

/** Where the four examples of a method that looks at single ones stand: each sees the surface moved by so much. */
const shifts = [
  [0.3, 0],
  [-0.3, 0],
  [0, 0.3],
  [0, -0.3],
];
const byExamples = new Set(
  ['esam', 'focal-sam', 'k-sam', 'rw-sam', 'bisam', 'bisam-tanh', 'bisam-log'].map(
    (name) => `variant:${name}`,
  ),
);
/** What BiSAM climbs in the pictures: the bound φ of each example's loss. */
const bounds = {
  tanh: (losses) => tf.tanh(losses),
  log: (losses) => tf.sub(1, tf.softplus(tf.sub(Math.log(Math.E - 1), losses))),
};
const boundOf = { 'variant:bisam': 'tanh', 'variant:bisam-tanh': 'tanh', 'variant:bisam-log': 'log' };

/**
 * A surface as a method is to see it.
 *
 * @param surface - One of `surfaces`.
 * @param key - The method, `kind:name`.
 * @returns `value(x, y)`, the loss of any tensors; `examples`, true where there are several; `caption`; and `start(point)`, which makes variables, `loss` and `mean` (closures), `read()`,
 *   `plane(vector)` and `lift(point)` between the plane and the variables' shapes, `coordinates()`, and `dispose()`.
 */
export function problemOf(surface, key) {
  const formula = lossOf(surface.formula);
  const examples = byExamples.has(key);
  const bound = bounds[boundOf[key]];
  const shiftsOf = (axis) => tf.tensor1d(shifts.map((shift) => shift[axis]));
  const each = (x, y) => shifts.map(([dx, dy]) => formula(tf.add(x, dx), tf.add(y, dy)));
  const value = (x, y) => (examples ? tf.div(tf.addN(each(x, y)), shifts.length) : formula(x, y));
  const holder = holders[holderOf[key] ?? 'vector'];
  const captions = [
    holder.caption,
    examples && 'four examples see the surface moved by 0.3 to each side, and the lines are their mean',
    bound && `what is climbed is the mean of their bounds (${boundOf[key]})`,
  ].filter(Boolean);
  return { value, examples, caption: captions.join('; '), start: (point) => started(point) };

  function started(point) {
    const lift = (values) =>
      holder.shapes.map((shape, i) => {
        const flat = new Float32Array(shape.reduce((size, side) => size * side, 1));
        for (const [j, [variable, place]] of holder.at.entries()) if (variable === i) flat[place] = values[j];
        return tf.tensor(flat, shape);
      });
    const plane = (vector) => holder.at.map(([variable, place]) => vector[variable].dataSync()[place]);
    const variables = lift(point).map((tensor, i) => tf.variable(tensor, true, holder.names[i]));
    const coordinates = () =>
      holder.at.map(([variable, place]) => tf.gather(tf.reshape(variables[variable], [-1]), place));
    const losses = () => {
      const [x, y] = coordinates();
      return formula(tf.add(x, shiftsOf(0)), tf.add(y, shiftsOf(1)));
    };
    const loss = !examples
      ? () => formula(...coordinates())
      : bound
        ? (objective) => tf.mean(objective === 'ascent' ? bound(losses()) : losses())
        : losses;
    return {
      variables,
      loss,
      mean: () => tf.mean(examples ? losses() : loss()),
      coordinates,
      lift,
      plane,
      read: () => plane(variables),
      dispose: () => tf.dispose(variables),
    };
  }
}
