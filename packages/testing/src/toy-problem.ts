import * as tf from '@tensorflow/tfjs-core';
import { seededSampler } from '@tfjs-sam/core';

/** A small regression by a two-layer network: smooth, with rounding in every number, the same at every call. */
export interface ToyProblem {
  readonly variables: tf.Variable[];
  /** Mean squared error of one of four batches, [8, 3] → [8, 2]; or the errors of its examples, [8]: see `toyProblem`. */
  loss(batch: number): tf.Scalar;
  /** The weights as plain numbers, variable by variable. */
  values(): number[][];
  /** Sets the weights. */
  assign(values: readonly (readonly number[])[]): void;
  dispose(): void;
}

const shapes = [[3, 5], [5], [5, 2], [2]];
let count = 0;

/** Draws of before, on each backend: the same at every call. */
const known = new Map<string, Float32Array[]>();

function drawn(seed: number, shapes: readonly number[][], step: number): tf.Tensor[] {
  const key = `${tf.getBackend()} ${seed} ${step}`;
  if (!known.has(key)) {
    const tensors = seededSampler('gaussian', seed)(shapes, step, 0);
    known.set(
      key,
      tensors.map((tensor) => tensor.dataSync<'float32'>().slice()),
    );
    tf.dispose(tensors);
  }
  return known.get(key)!.map((values, i) => tf.tensor(values.slice(), shapes[i]));
}

/**
 * Makes the problem with weights scaled by `scale` (1 by default). With `examples` its loss gives one value per example.
 * The caller disposes it.
 */
export function toyProblem(scale = 1, examples = false): ToyProblem {
  count += 1;
  const variables = tf.tidy(() =>
    drawn(11, shapes, 0).map((tensor, i) =>
      tf.variable(tf.mul(tensor, 0.4 * scale), true, `toy${count}/weight${'abcd'[i]}`),
    ),
  );
  const batches = Array.from({ length: 4 }, (_, i) =>
    drawn(
      12,
      [
        [8, 3],
        [8, 2],
      ],
      i,
    ),
  );
  return {
    variables,
    loss: (batch) => {
      const [x, y] = batches[batch % 4]! as [tf.Tensor2D, tf.Tensor2D];
      const [kernel1, bias1, kernel2, bias2] = variables as unknown as [
        tf.Tensor2D,
        tf.Tensor1D,
        tf.Tensor2D,
        tf.Tensor1D,
      ];
      const hidden = tf.tanh(tf.add(tf.matMul(x, kernel1), bias1)) as tf.Tensor2D;
      const squares = tf.square(tf.sub(tf.add(tf.matMul(hidden, kernel2), bias2), y));
      return (examples ? tf.mean(squares, -1) : tf.mean(squares)) as tf.Scalar;
    },
    values: () => variables.map((variable) => [...variable.dataSync()]),
    assign: (values) => {
      for (const [i, variable] of variables.entries()) {
        tf.tidy(() => variable.assign(tf.tensor([...values[i]!], variable.shape)));
      }
    },
    dispose: () => tf.dispose([variables, batches]),
  };
}
