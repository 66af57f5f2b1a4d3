import * as tf from '@tensorflow/tfjs';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { createDefaultRegistry } from 'tfjs-sam';
import { beforeAll, describe, expect, it } from 'vitest';

const registry = createDefaultRegistry();
const variants = registry.list('variant');
const bases = [
  { name: 'sgd', learningRate: 0.05, momentum: 0.9 },
  { name: 'adamw', learningRate: 0.01 },
  { name: 'adam', learningRate: 0.01 },
];
const faults: Record<string, (loss: tf.Scalar) => unknown> = {
  throw: () => {
    throw new Error('a fault');
  },
  nothing: () => undefined,
  'a matrix': () => tf.ones([2, 2]),
  int32: (loss) => tf.cast(loss, 'int32'),
  'a promise': (loss) => Promise.resolve(loss),
  disposed: (loss) => {
    loss.dispose();
    return loss;
  },
};

/** Faults at every evaluation of a step, with a running statistic beside the weights: nothing stays behind. */
describe.each([...backendNames])('faults in a loss on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(variants)('leave nothing behind: %s', async (variant) => {
    for (const base of bases) {
      const w = tf.variable(tf.tensor2d([1, 2, -1, 0.5], [2, 2]));
      const statistic = tf.variable(tf.scalar(0), false);
      let optimizer: tf.Optimizer;
      try {
        optimizer = registry.create(optionsOf(variant, base) as never);
      } catch {
        // Needs functions among its options: not made by a registry.
        tf.dispose([w, statistic]);
        return;
      }
      let [calls, at] = [0, 0];
      let fault: (loss: tf.Scalar) => unknown = (loss) => loss;
      const loss = () => {
        calls += 1;
        statistic.assign(tf.add(statistic, 1) as tf.Scalar);
        const value = tf.mean(tf.square(tf.matMul(w as tf.Tensor2D, tf.ones([2, 2])))) as tf.Scalar;
        return (calls === at ? fault(value) : value) as tf.Scalar;
      };
      try {
        for (let i = 0; i < 2; i++) optimizer.minimize(loss, false, [w]);
      } catch {
        // Needs losses of examples.
        tf.dispose([w, statistic]);
        optimizer.dispose();
        return;
      }
      const seen = () => [...w.dataSync(), ...statistic.dataSync(), optimizer.iterations];
      for (const [name, make] of Object.entries(faults)) {
        for (at = 1; at <= 8; at++) {
          const [before, { numTensors, numDataBuffers }] = [seen(), tf.memory()];
          calls = 0;
          fault = make;
          let threw = false;
          try {
            optimizer.minimize(loss, false, [w]);
          } catch {
            threw = true;
          }
          // The step has fewer evaluations.
          if (!threw) break;
          const where = `${variant} over ${base.name}: ${name} at evaluation ${at}`;
          expect(seen(), where).toEqual(before);
          expect(tf.memory(), where).toMatchObject({ numTensors, numDataBuffers });
        }
      }
      optimizer.dispose();
      tf.dispose([w, statistic]);
    }
  });
});

function optionsOf(variant: string, base: object): object {
  return variant === 'bsam' ? { variant, numData: 10 } : { variant, base };
}
