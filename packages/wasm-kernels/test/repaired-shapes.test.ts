import * as tf from '@tensorflow/tfjs';
import { it } from 'vitest';
import { expectLikeCpu, random, sizeOf, spoiled } from './compare.js';
import { onEveryImplementation } from './implementations.js';

const slopes: [x: number[], alpha: number[]][] = [
  [[2, 2, 2], [2, 1]],
  [[2, 3, 4], [3, 1]],
  [[2, 3, 4], [2, 1, 4]],
  [[2, 3, 4], [2, 1, 1]],
  [[2, 3, 4], [1, 3, 4]],
  [[2, 3, 4], [4]],
  [[2, 3, 4], [1]],
  [[2, 3, 4], []],
  [[2, 3, 4], [2, 3, 4]],
  [[2, 3], [4, 1, 3]],
  [[0, 3], [3]],
]; // biome-ignore format: a table

const manyAxes: [a: number[], b: number[]][] = [
  [[2, 1, 2, 1, 2, 1, 3], [2, 3]],
  [[1, 2, 1, 2, 1, 2, 1, 2], [2, 1, 3, 1, 2, 1, 2, 1]],
  [[2, 2, 1, 2, 1, 2, 1], [2, 2, 1, 2, 1, 2, 1]],
  [[2, 1, 2, 1, 2, 2, 2], []],
  [[3], [2, 2, 2, 1, 1, 2, 2, 1]],
  [[2, 2, 2, 0, 1, 1, 2], [2]],
]; // biome-ignore format: a table

const empties: [shape: number[], axis: number | number[]][] = [
  [[0], 0],
  [[0, 3], 0],
  [[3, 0], 1],
  [
    [2, 0, 3],
    [0, 1],
  ],
  [[2, 0, 3], 2],
];

/** Leaves numbers where the heap is free: what a kernel answers with that writes nothing. */
function litterHeap(): void {
  const tensors = Array.from({ length: 20 }, (_, i) => tf.fill([1 + i], 7));
  for (const tensor of tensors) tensor.dataSync();
  tf.dispose(tensors);
}

onEveryImplementation('shapes', () => {
  it.each(slopes)('of prelu, %j with slopes %j', async (x, alpha) => {
    const [some, bad] = [random(1, x), spoiled(2, x, 5)];
    const terms = 4 + sizeOf(x);
    for (const values of [some, bad])
      await expectLikeCpu('prelu', [values, random(3, alpha)], terms, (x, a) => [tf.prelu(x!, a!)]);
    // TensorFlow.js has no gradient where the slopes are larger than x.
    if (alpha.length <= x.length)
      await expectLikeCpu('gradients', [some, random(3, alpha)], terms, (x, a) =>
        tf.grads((x, a) => tf.prelu(x!, a!))([x!, a!]),
      );
  });

  it('of a prelu layer with shared axes', async () => {
    await expectLikeCpu('layer', [random(1, [2, 3, 4])], 2, (x) => {
      const layer = tf.layers.prelu({ sharedAxes: [2], inputShape: [3, 4] });
      const model = tf.sequential({ layers: [layer] });
      model.setWeights([tf.tensor2d([0.1, 0.9, 0.5], [3, 1])]);
      const y = model.predict(x!) as tf.Tensor;
      model.dispose();
      return [y];
    });
  });

  it.each(manyAxes)('of seven axes and more, %j and %j', async (a, b) => {
    const operations = { add: tf.add, sub: tf.sub, mul: tf.mul, div: tf.div, diff: tf.squaredDifference };
    for (const [name, f] of Object.entries(operations))
      await expectLikeCpu(name, [random(1, a, 4), random(2, b)], 40 * Math.max(1, sizeOf(a)), (a, b) => [
        f(a!, b!),
        ...tf.grads((a, b) => f(a!, tf.add(b!, 3)))([a!, b!]),
      ]);
  });

  it('of padding of seven axes, and the gradient of a slice', async () => {
    const paddings: [number, number][] = [1, 0, 2, 0, 0, 1, 3].map((after, i) => [i % 2, after]);
    const shape = [2, 1, 3, 2, 1, 2, 2];
    await expectLikeCpu('pad', [random(1, shape)], 1, (x) => [
      tf.pad(x!, paddings),
      tf.pad(x!, paddings, 0.5),
      tf.grad((x) => tf.square(tf.pad(x, paddings, 2)))(x!),
      tf.grad((x) => tf.slice(x, [1, 0, 1], [1, 1, 2]))(x!),
    ]);
  });

  it('of the sum over some of seven axes', async () => {
    await expectLikeCpu('sum', [random(1, [2, 1, 3, 2, 1, 2, 2])], 60, (x) => [
      tf.sum(x!, [1, 3]),
      tf.grad((x) => tf.sum(x, [0, 3, 6]))(x!),
      tf.grad((x) => tf.mean(tf.square(x), 2))(x!),
    ]);
  });

  it.each(empties)('of reductions of %j over %j', async (shape, axis) => {
    for (const keep of [false, true])
      for (const dtype of ['float32', 'int32', 'bool'] as const)
        await expectLikeCpu(dtype, [random(1, shape)], 0, (x) => {
          litterHeap();
          const y = tf.cast(x!, dtype);
          return [
            ...[tf.max(y, axis, keep), tf.min(y, axis, keep), tf.prod(y, axis, keep)],
            ...(dtype === 'bool' ? [tf.any(y, axis, keep), tf.all(y, axis, keep)] : []),
          ];
        });
  });

  it('of gather in batches, and from what is empty', async () => {
    const ids = { data: Int32Array.of(0, 2, 1, 0, 3, 3), shape: [3, 2] };
    await expectLikeCpu('batches', [random(1, [3, 4, 5]), ids], 0, (x, ids) => [
      tf.gather(x!, tf.cast(ids!, 'int32'), 1, 1),
      tf.gather(x!, tf.cast(ids!, 'int32'), 2, 1),
      tf.gather(tf.cast(tf.mul(x!, 9), 'int32'), tf.cast(ids!, 'int32'), 1, 1),
    ]);
    await expectLikeCpu('empty', [random(1, [0, 3]), random(1, [2, 0])], 0, (x, y) => [
      tf.gather(x!, tf.tensor1d([], 'int32'), 0),
      tf.gather(y!, tf.tensor1d([1, 1, 0], 'int32'), 0),
    ]);
  });
});
