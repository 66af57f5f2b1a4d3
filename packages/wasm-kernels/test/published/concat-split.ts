// Inputs and expected numbers of TensorFlow.js 4.22's tests of transpose, unstack, concat, split and slice; those of stack,
// and of slices of ranks 3 and 4, which it lacks, by hand.
import * as tf from '@tensorflow/tfjs';
import { count, of, type PublishedCase } from './case.js';

const table = count([2, 3]);
const [first, second] = [of([1, 2, 2], [1, 11, 2, 22]), of([2, 2, 2], [5, 55, 6, 66, 7, 77, 8, 88])];
const falling = [66, 6, 55, 5, 44, 4, 33, 3, 22, 2, 11, 1];
const columns = [4, 40, 400, 3, 30, 300, 2, 20, 200, 1, 10, 100];

const unstacks = [
  [1, 1, 1, 0, 0, 0],
  [0, 0, 0, 1, 1, 1],
  [1, 0, 0, 1, 0, 0],
  [0, 1, 0, 0, 1, 0],
  [0, 0, 1, 0, 0, 1],
].map((gradient, i): PublishedCase => {
  const [axis, part] = i < 2 ? [0, i] : [1, i - 2];
  return {
    title: `part ${part} of unstack on axis ${axis}`,
    inputs: [table],
    f: (x) => tf.unstack(x, axis)[part]!,
    gradients: [gradient],
  };
});

const others: PublishedCase[] = [
  {
    title: 'transpose',
    inputs: [of([2, 2, 2], [1, 11, 2, 22, 3, 33, 4, 44])],
    dy: of([2, 2, 2], [111, 211, 121, 221, 112, 212, 122, 222]),
    f: (x) => tf.transpose(x, [2, 1, 0]),
    gradients: [[111, 112, 121, 122, 211, 212, 221, 222]],
  },
  {
    title: 'stack on axis 0',
    inputs: [count([2]), count([2], 3)],
    dy: of([2, 2], [1, 2, 10, 20]),
    f: (a, b) => tf.stack([a!, b!], 0),
    gradients: [
      [1, 2],
      [10, 20],
    ],
  },
  {
    title: 'stack on axis 1',
    inputs: [count([2]), count([2], 3)],
    dy: of([2, 2], [1, 2, 10, 20]),
    f: (a, b) => tf.stack([a!, b!], 1),
    gradients: [
      [1, 10],
      [2, 20],
    ],
  },
  {
    title: 'concat on axis 0',
    inputs: [first, second],
    dy: of([3, 2, 2], falling),
    f: (a, b) => tf.concat([a!, b!], 0),
    gradients: [
      [66, 6, 55, 5],
      [44, 4, 33, 3, 22, 2, 11, 1],
    ],
  },
  {
    title: 'concat on axis 1',
    inputs: [of([2, 1, 2], [1, 11, 2, 22]), of([2, 2, 2], [3, 33, 4, 44, 5, 55, 6, 66])],
    dy: of([2, 3, 2], falling),
    f: (a, b) => tf.concat([a!, b!], 1),
    gradients: [
      [66, 6, 33, 3],
      [55, 5, 44, 4, 22, 2, 11, 1],
    ],
  },
  ...[2, -1].map(
    (axis): PublishedCase => ({
      title: `concat on axis ${axis}`,
      inputs: [count([2, 2, 1]), second],
      dy: of([2, 2, 3], columns),
      f: (a, b) => tf.concat([a!, b!], axis),
      gradients: [
        [4, 3, 2, 1],
        [40, 400, 30, 300, 20, 200, 10, 100],
      ],
    }),
  ),
  {
    title: 'the first part of split',
    inputs: [count([3])],
    f: (x) => tf.split(x, [1, 2])[0]!,
    gradients: [[1, 0, 0]],
  },
  {
    title: 'the second part of split',
    inputs: [count([3])],
    f: (x) => tf.split(x, [1, 2])[1]!,
    gradients: [[0, 1, 1]],
  },
];

const slices: PublishedCase[] = [
  {
    title: 'slice of rank 1',
    inputs: [count([5])],
    dy: of([2], [10, 100]),
    f: (x) => tf.slice(x, 1, 2),
    gradients: [[0, 10, 100, 0, 0]],
  },
  {
    title: 'slice of rank 2',
    inputs: [table],
    dy: of([2, 1], [20, 50]),
    f: (x) => tf.slice(x, [0, 1], [2, 1]),
    gradients: [[0, 20, 0, 0, 50, 0]],
  },
  {
    title: 'slice of rank 3',
    inputs: [count([2, 2, 3])],
    dy: of([1, 2, 2], [1, 2, 3, 4]),
    f: (x) => tf.slice(x, [1, 0, 1], [1, 2, 2]),
    gradients: [[0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 3, 4]],
  },
  {
    title: 'slice of rank 4',
    inputs: [count([2, 2, 2, 2])],
    dy: of([2, 1, 1, 2], [1, 2, 3, 4]),
    f: (x) => tf.slice(x, [0, 1, 0, 0], [2, 1, 1, 2]),
    gradients: [[0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0, 0, 3, 4, 0, 0]],
  },
];

export const concatSplitCases = [...unstacks, ...others, ...slices];
