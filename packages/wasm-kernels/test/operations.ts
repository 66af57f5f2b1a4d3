import * as tf from '@tensorflow/tfjs';
import { softmaxCrossEntropy } from '../src/index.js';
import { type Computation, random, sizeOf, spoiledOnce, type Values } from './compare.js';
import * as layers from './layer-gradients.js';
import { shapeOf, type wholeNumbers } from './random.js';

type Pick = ReturnType<typeof wholeNumbers>;

/** An operation at some sizes. */
export interface Case {
  readonly label: string;
  /** Of its inputs; dy comes first. */
  readonly shapes: Readonly<Record<string, number[]>>;
  /** Of the sums in its values and gradients. */
  readonly terms: number;
  /** Values and gradients. */
  readonly f: Computation;
}

const oneOf = <T>(pick: Pick, choices: readonly T[]): T => choices[pick(0, choices.length - 1)]!;
const flip = (pick: Pick): boolean => pick(0, 1) === 1;
const withLabel = (words: unknown, rest: Omit<Case, 'label'>): Case => ({
  label: JSON.stringify([words, rest.shapes]),
  ...rest,
});

/** Copies along the axes before the last two: cpu takes the wrong matrices where both stacks are broadcast. */
const writtenOut = (t: tf.Tensor, stack: number[]): tf.Tensor =>
  tf.getBackend() === 'cpu' ? tf.broadcastTo(t, [...stack, ...t.shape.slice(-2)]) : t;

function matMul(pick: Pick, longest: number): Case {
  const [m, k, n] = shapeOf(pick, 3, longest) as [number, number, number];
  const [ta, tb] = [flip(pick), flip(pick)];
  const stacks = shapeOf(pick, pick(0, 2), 3).map((length) =>
    oneOf(pick, [
      [length, length],
      [1, length],
      [length, 1],
    ]),
  );
  const outer = stacks.map((pair) => Math.max(...pair));
  const product = (a: tf.Tensor, b: tf.Tensor) =>
    tf.matMul(writtenOut(a, outer), writtenOut(b, outer), ta, tb);
  return withLabel([ta, tb], {
    shapes: {
      dy: [...outer, m, n],
      a: [...stacks.map(([length]) => length!), ...(ta ? [k, m] : [m, k])],
      b: [...stacks.map(([, length]) => length!), ...(tb ? [n, k] : [k, n])],
    },
    terms: Math.max(m, k, n) * sizeOf(outer),
    f: (dy, a, b) => [product(a!, b!), ...tf.grads((a, b) => product(a!, b!))([a!, b!], dy)],
  });
}

function sum(pick: Pick, longest: number): Case {
  const rank = pick(1, 4);
  const shape = shapeOf(pick, rank, Math.ceil(longest / rank));
  const axes = shape.map((_, axis) => axis).filter(() => flip(pick));
  const keep = flip(pick);
  const sumOf = (x: tf.Tensor) =>
    tf.sum(
      x,
      axes.map((axis) => (axis % 2 ? axis - shape.length : axis)),
      keep,
    );
  return withLabel([axes, keep], {
    shapes: {
      dy: shape.flatMap((length, axis) => (axes.includes(axis) ? (keep ? [1] : []) : [length])),
      x: shape,
    },
    terms: sizeOf(axes.map((axis) => shape[axis]!)),
    f: (dy, x) => [sumOf(x!), tf.grad(sumOf)(x!, dy)],
  });
}

function dense(activations: readonly layers.Activation[], pick: Pick, longest: number): Case {
  const outer = shapeOf(pick, pick(1, 3), 6);
  const [depth, units] = [pick(1, longest), pick(1, longest)];
  const activation = oneOf(pick, activations);
  return withLabel(activation, {
    shapes: layers.denseShapes(outer, depth, units),
    terms: 40 + depth + units + sizeOf(outer),
    f: (dy, ...t) => layers.denseGradients(activation)(dy!, ...t),
  });
}

/** A step of a recurrent cell: its shapes and gradients. */
const cells = {
  gru: { shapes: layers.gruShapes, gradients: layers.gruGradients },
  lstm: { shapes: layers.lstmShapes, gradients: layers.lstmGradients },
};

function cell(name: keyof typeof cells, gates: layers.Gates, pick: Pick, longest: number): Case {
  const [rows, depth, units] = shapeOf(pick, 3, longest) as [number, number, number];
  const { shapes, gradients } = cells[name];
  return withLabel([name, gates], {
    shapes: shapes(rows, depth, units),
    terms: 40 + depth + 4 * units + rows,
    f: gradients(gates) as Computation,
  });
}

function crossEntropy(pick: Pick, longest: number): Case {
  const rows = shapeOf(pick, pick(0, 3), 5);
  const shape = [...rows, pick(1, longest)];
  const reduction = oneOf(pick, ['none', 'mean'] as const);
  const loss = (labels: tf.Tensor, logits: tf.Tensor) => softmaxCrossEntropy(labels, logits, reduction);
  return withLabel(reduction, {
    shapes: { dy: reduction === 'none' ? rows : [], labels: shape, logits: shape },
    terms: 60 + 2 * shape.at(-1)!,
    f: (dy, p, z) => [loss(p!, z!), ...tf.grads((p, z) => loss(p!, z!))([p!, z!], dy)],
  });
}

/** Draws a case; `longest` bounds its lengths. */
export const operations = {
  matMul,
  sum,
  'dense layer': dense.bind(null, ['linear', 'tanh', 'softmax']),
  'dense layer with ReLU': dense.bind(null, ['relu']),
  'GRU cell': cell.bind(null, 'gru', 'sigmoid'),
  'GRU cell with hard gates': cell.bind(null, 'gru', 'hardSigmoid'),
  'LSTM cell': cell.bind(null, 'lstm', 'sigmoid'),
  'LSTM cell with hard gates': cell.bind(null, 'lstm', 'hardSigmoid'),
  'softmax cross-entropy': crossEntropy,
} satisfies Record<string, (pick: Pick, longest: number) => Case>;

/** Inputs of these shapes, where the one called `name` has elements of `bad`. The others have zeros among theirs. */
export const spoiledInputs = (
  shapes: Case['shapes'],
  name: string,
  seed: number,
  bad?: readonly number[],
): Values[] =>
  Object.entries(shapes).map(([key, shape], i) =>
    key === name ? spoiledOnce(seed, shape, bad) : random(10 * seed + i, shape, 2),
  );
