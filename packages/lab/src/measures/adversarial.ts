import * as tf from '@tensorflow/tfjs';
import { definePart, integer, number, oneOf } from '@tfjs-sam/core';
import { attackOptions, restartsOption, robustAccuracy } from '@tfjs-sam/sharpness';
import { type Measure, ofClassifiers } from './measure.js';

/** Examples that are attacked at a time. */
const batch = 256;

/** Accuracy where every input is changed to mislead: by FGSM for one step, by PGD from random starts for more. */
export const adversarial = definePart({
  kind: 'measure',
  name: 'adversarial',
  doc: 'Accuracy on inputs that an attack changed by at most epsilon',
  source: 'Madry et al. 2018, arXiv 1706.06083',
  options: {
    epsilon: number({ above: 0, doc: 'Largest change of an input, normalised as it is' }),
    ...attackOptions,
    steps: integer({ min: 1, default: 10, doc: 'Steps of an attack; 1 is FGSM' }),
    ...restartsOption,
    split: oneOf(['train', 'validation', 'test'], { default: 'test', doc: 'Split that is measured' }),
    examples: integer({ min: 1, default: 1024, doc: 'Examples to attack, at most' }),
  },
  create: ({ epsilon, norm, steps, restarts, split, examples }): Measure => {
    const name = `adversarial-${epsilon}`;
    return {
      columns: [{ name, title: `accuracy under attack, ε = ${epsilon}`, better: 'higher' }],
      contradiction: ofClassifiers(split),
      async measure({ problem, seed, pause }) {
        const { model } = problem;
        if (!model || !problem.examples) throw new Error('adversarial: expected a task with a classifier');
        const { xs, ys } = problem.examples(split, examples);
        let right = 0;
        const size = xs.shape[0]!;
        for (let start = 0; start < size; start += batch) {
          const count = Math.min(batch, size - start);
          const [inputs, labels] = [xs, ys].map((all) => tf.slice(all, start, count));
          const logitsOf = (x: tf.Tensor): tf.Tensor => model.apply(x, { training: false }) as tf.Tensor;
          const options = { norm, steps, restarts, seed };
          const [found] = await robustAccuracy(logitsOf, inputs!, labels!, [epsilon], options);
          right += found!.accuracy * count;
          tf.dispose([inputs!, labels!]);
          await pause();
        }
        tf.dispose([xs, ys]);
        const value = right / size;
        return { [name]: { value, error: Math.sqrt((value * (1 - value)) / size) } };
      },
    };
  },
});
