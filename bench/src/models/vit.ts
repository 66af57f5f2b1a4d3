import * as tf from '@tensorflow/tfjs';
import { seededSampler } from '@tfjs-sam/core';
import { dotProductAttention, layerNorm } from '@tfjs-sam/wasm-kernels';
import { type BenchModel, classes, withBatch } from './bench-model.js';

const [width, heads, patches, blocks] = [64, 4, 16, 2];

function makeVariables(): tf.Variable[] {
  const block = [
    [width, 3 * width],
    [width, width],
    [width, 4 * width],
    [4 * width, width],
    [width],
    [width],
  ];
  const shapes = [
    [48, width],
    [patches, width],
    ...Array.from({ length: blocks }, () => block).flat(),
    [width, classes],
  ];
  const initial = seededSampler('gaussian', 3)(shapes, 0, 0);
  const variables = shapes.map((shape, i) =>
    tf.tidy(() =>
      tf.variable(shape.length === 1 ? tf.ones(shape) : tf.mul(initial[i]!, 0.7 / Math.sqrt(shape[0]!))),
    ),
  );
  tf.dispose(initial);
  return variables;
}

/** x W over the last axis. */
function project(input: tf.Tensor, weight: tf.Tensor): tf.Tensor {
  const { shape } = input;
  const flat = tf.matMul(tf.reshape(input, [-1, shape.at(-1)!]) as tf.Tensor2D, weight as tf.Tensor2D);
  return tf.reshape(flat, [...shape.slice(0, -1), weight.shape[1]!]);
}

/** Layer normalisation with a gain. */
const normalise = (input: tf.Tensor, gain: tf.Tensor): tf.Tensor =>
  layerNorm(input, gain, tf.zeros([width]), 1e-5);

/** Self-attention of `heads` heads. */
function attend(input: tf.Tensor, mixing: tf.Tensor, out: tf.Tensor): tf.Tensor {
  const [query, key, value] = tf.split(project(input, mixing), 3, -1) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return project(dotProductAttention(query, key, value, { heads }), out);
}

/** A vision transformer of two blocks, width 64, four heads, on 16 patches of 4×4×3. */
export function vit(batch: number): BenchModel {
  const variables = makeVariables();
  const logits = (x: tf.Tensor) => {
    let hidden = tf.add(project(x, variables[0]!), variables[1]!) as tf.Tensor;
    for (let block = 0; block < blocks; block++) {
      const [mixing, out, up, down, gain1, gain2] = variables.slice(2 + 6 * block) as tf.Variable[];
      hidden = tf.add(hidden, attend(normalise(hidden, gain1!), mixing!, out!));
      hidden = tf.add(hidden, project(tf.relu(project(normalise(hidden, gain2!), up!)), down!));
    }
    return project(tf.mean(hidden, 1), variables.at(-1)!);
  };
  return withBatch({ name: `ViT b${batch}`, variables, example: [patches, 48], batch, logits });
}
