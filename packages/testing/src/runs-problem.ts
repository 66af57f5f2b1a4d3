import * as tf from '@tensorflow/tfjs-core';
import { seededSampler } from '@tfjs-sam/core';

/** Small networks that share a shape and their batches, and start apart. */
export interface RunsProblem {
  /** Every network in one variable per weight, [runs, …]; of a single network [1, …] without that axis. */
  readonly variables: tf.Variable[];
  /** Mean squared errors of one of four batches, [runs]; of a single network a Scalar. */
  loss(batch: number): tf.Scalar;
  /** The weights of each network as plain numbers. */
  values(): number[][];
  dispose(): void;
}

/** The number of networks. */
export const RUNS = 3;

const shapes = [[3, 5], [5], [5, 2], [2]];
let count = 0;

/** Makes the networks, or one of them alone. The caller disposes it. */
export function runsProblem(alone?: number): RunsProblem {
  count += 1;
  const starts = tf.tidy(() =>
    Array.from({ length: RUNS }, (_, run) =>
      seededSampler('gaussian', 21 + run)(shapes, 0, 0).map((tensor) => tf.mul(tensor, 0.4)),
    ),
  );
  const variables = tf.tidy(() =>
    shapes.map((_, i) => {
      const start = alone === undefined ? tf.stack(starts.map((each) => each[i]!)) : starts[alone]![i]!;
      return tf.variable(start, true, `runs${count}/weight${'abcd'[i]}`);
    }),
  );
  tf.dispose(starts);
  const batches = Array.from({ length: 4 }, (_, i) =>
    seededSampler('gaussian', 12)(
      [
        [8, 3],
        [8, 2],
      ],
      i,
      0,
    ),
  );
  const runs = alone === undefined ? RUNS : 1;
  return {
    variables,
    loss: (batch) => {
      const [x, y] = batches[batch % 4]! as [tf.Tensor2D, tf.Tensor2D];
      const [kernel1, bias1, kernel2, bias2] = variables.map((variable, i) =>
        tf.reshape(variable, [runs, -1, shapes[i]!.at(-1)!]),
      ) as [tf.Tensor3D, tf.Tensor3D, tf.Tensor3D, tf.Tensor3D];
      const inputs = tf.tile(tf.expandDims(x) as tf.Tensor3D, [runs, 1, 1]);
      const hidden = tf.tanh(tf.add(tf.matMul(inputs, kernel1), bias1));
      const squares = tf.square(tf.sub(tf.add(tf.matMul(hidden, kernel2), bias2), y));
      const losses = tf.mean(squares, [1, 2]);
      return (alone === undefined ? losses : tf.reshape(losses, [])) as tf.Scalar;
    },
    values: () => {
      const flat = variables.map((variable) => [...variable.dataSync()]);
      return Array.from({ length: runs }, (_, run) =>
        flat.flatMap((values) =>
          values.slice((run * values.length) / runs, ((run + 1) * values.length) / runs),
        ),
      );
    },
    dispose: () => tf.dispose([variables, batches]),
  };
}
