import * as tf from '@tensorflow/tfjs';
import {
  adamw,
  exponentialMovingAverage,
  type GradientOracle,
  sgd,
  sharpnessAware,
  withLearningRate,
} from '@tfjs-sam/core';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';

const halving = (step: number) => 0.1 * 0.5 ** step;
const makers: Record<string, () => tf.Optimizer> = {
  adamw: () => adamw({ learningRate: 0.1 }),
  'adamw with amsgrad': () => adamw({ learningRate: 0.1, amsgrad: true }),
  'sgd with a schedule': () => sgd({ learningRate: halving, momentum: 0.9 }),
  'a scheduled optimizer': () => withLearningRate(tf.train.momentum(0.1, 0.9), halving),
  'SAM over adamw': () => sharpnessAware(adamw({ learningRate: 0.1 }), { rho: halving }),
  'SAM over a schedule': () => sharpnessAware(sgd({ learningRate: halving })),
  'SAM that skips': () => sharpnessAware(adamw({ learningRate: 0.1 }), { onNonFinite: 'skip' }),
  'a schedule around SAM': () => withLearningRate(sharpnessAware(sgd({ learningRate: 1 })), halving),
};

/** Two variables of one model. */
const model = (name: string): tf.Variable[] =>
  tf.tidy(() => [
    tf.variable(tf.tensor1d([1, -2]), true, `${name}/w`),
    tf.variable(tf.scalar(0.5), true, `${name}/b`),
  ]);
const lossOf =
  ([w, b]: tf.Variable[], scale: number) =>
  () =>
    tf.mul(tf.add(tf.sum(tf.square(w!)), tf.square(tf.sub(b!, 2))), scale) as tf.Scalar;
const values = (variables: tf.Variable[]) => variables.map((variable) => [...variable.dataSync()]);

describe.each([...backendNames])('what optimizers count on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  afterEach(() => tf.disposeVariables());

  const train = (optimizer: tf.Optimizer, variables: tf.Variable[], scale: number, steps: number) => {
    for (let i = 0; i < steps; i++) optimizer.minimize(lossOf(variables, scale), false, variables);
  };

  it.each(Object.keys(makers))('two models in turn train as each alone: %s', (name) => {
    const alone = [1, 3].map((scale, i) => {
      const [optimizer, variables] = [makers[name]!(), model(`alone${i}`)];
      train(optimizer, variables, scale, 5);
      const result = values(variables);
      tf.dispose(variables);
      optimizer.dispose();
      return result;
    });
    const optimizer = makers[name]!();
    const both = [model('one'), model('other')];
    train(optimizer, both[0]!, 1, 2);
    for (let i = 0; i < 3; i++) for (const j of [0, 1]) train(optimizer, both[j]!, [1, 3][j]!, 1);
    train(optimizer, both[1]!, 3, 2);
    expect(both.map(values)).toEqual(alone);
    optimizer.dispose();
    tf.dispose(both);
  });

  it('averages of two models in turn take in what they do alone', () => {
    const averages = (names: string[]) => {
      const optimizer = exponentialMovingAverage(sgd({ learningRate: 0.1 }), {
        decay: 0.5,
        every: 3,
        start: 1,
      });
      const models = names.map(model);
      for (let i = 0; i < 8; i++) for (const each of models) train(optimizer, each, 1, 1);
      const result = optimizer.withAverages(() => models.map(values), models.flat());
      optimizer.dispose();
      tf.dispose(models);
      return result;
    };
    const [alone] = averages(['a']);
    expect(averages(['a', 'b'])).toEqual([alone, alone]);
  });

  it.each(['adamw', 'adamw with amsgrad'])('skipped steps are no updates of %s', async (name) => {
    const variables = model('skipping');
    const start = values(variables);
    const skipping = () => sharpnessAware(makers[name]!(), { rho: 0.05, onNonFinite: 'skip' });
    const fresh = skipping();
    train(fresh, variables, 1, 3);
    const expected = values(variables);
    for (const [i, variable] of (variables as tf.Variable[]).entries())
      variable.assign(tf.tensor(start[i]!, variable.shape));
    const optimizer = skipping();
    train(optimizer, variables, Number.NaN, 200);
    expect(values(variables)).toEqual(start);
    train(optimizer, variables, 1, 3);
    expect(values(variables)).toEqual(expected);
    fresh.dispose();
    optimizer.dispose();
    tf.dispose(variables);
  });

  it('a variable that joins later starts its own bias correction', () => {
    const [[w, b], [alone]] = [model('joining'), model('reference')];
    const optimizer = adamw({ learningRate: 0.1, weightDecay: 0 });
    const loss = (of: tf.Variable) => () => tf.sum(tf.square(of)) as tf.Scalar;
    for (let i = 0; i < 50; i++) optimizer.minimize(loss(b!), false, [b!]);
    optimizer.minimize(() => tf.add(loss(w!)(), loss(b!)()) as tf.Scalar, false, [w!, b!]);
    const reference = adamw({ learningRate: 0.1, weightDecay: 0 });
    reference.minimize(loss(alone!), false, [alone!]);
    expect(values([w!])).toEqual(values([alone!]));
    for (const each of [optimizer, reference]) each.dispose();
    tf.dispose([w!, b!, alone!]);
    tf.dispose(tf.engine().registeredVariables['reference/b']!);
  });

  it('a step that throws after the update was none', () => {
    let fails = false;
    const failing = {
      name: 'failing',
      direction: (oracle: GradientOracle) => {
        const { loss, gradient } = oracle.evaluate();
        return { loss, direction: gradient };
      },
      afterStep: () => {
        if (fails) throw new Error('failed');
      },
    };
    const run = (failures: number) => {
      const [one, other] = [model('thrown'), model('other')];
      const optimizer = sharpnessAware(adamw({ learningRate: halving }), failing);
      for (let i = 0; i < 4; i++) {
        fails = true;
        for (let j = 0; j < failures; j++)
          expect(() => train(optimizer, j % 2 === 0 ? one : other, 1, 1)).toThrow('failed');
        fails = false;
        train(optimizer, one, 1, 1);
        if (i > 1) train(optimizer, other, 1, 1);
      }
      const result = [values(one), values(other)];
      optimizer.dispose();
      tf.dispose([one, other]);
      return result;
    };
    expect(run(3)).toEqual(run(0));
  });

  it.each(Object.keys(makers))('counts that differ are saved: %s', async (name) => {
    const run = async (interrupted: boolean) => {
      const [one, other] = [model('saved'), model('saved-other')];
      let optimizer = makers[name]!();
      train(optimizer, one, 1, 3);
      train(optimizer, other, 1, 1);
      if (interrupted) {
        const weights = await optimizer.getWeights();
        const next = makers[name]!();
        await next.setWeights(weights);
        tf.dispose(weights.flatMap(({ name, tensor }) => (/(^|\/)iter$/.test(name) ? [tensor] : [])));
        optimizer.dispose();
        optimizer = next;
      }
      train(optimizer, other, 1, 1);
      train(optimizer, one, 1, 2);
      const result = [values(one), values(other)];
      optimizer.dispose();
      tf.dispose([one, other]);
      return result;
    };
    const { numTensors } = tf.memory();
    expect(await run(true)).toEqual(await run(false));
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
