import * as tf from '@tensorflow/tfjs';
import { swad } from '@tfjs-sam/core';
import { backendNames, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

interface Setting {
  readonly converge: number;
  readonly tolerance: number;
  readonly ratio: number;
}

/** The paper's algorithm over whole lists in float64: the first and the last validation of the window. */
function windowOf(
  losses: readonly number[],
  { converge, tolerance, ratio }: Setting,
): [number, number] | undefined {
  let start: number | undefined;
  let limit = 0;
  for (let i = 0; i < losses.length; i++) {
    if (start === undefined) {
      const seen = losses.slice(i - converge + 1, i + 1);
      if (i < converge - 1 || seen[0]! > Math.min(...seen)) continue;
      start = i - converge + 1;
      limit = (ratio * seen.reduce((a, b) => a + b)) / converge;
    }
    const last = losses.slice(Math.max(start, i - tolerance + 1), i + 1);
    if (last.length === tolerance && Math.min(...last) > limit) return [start, i - tolerance];
  }
  if (start === undefined) return undefined;
  const below = losses.map((loss, i) => i >= start! && loss <= limit).lastIndexOf(true);
  return [start, below];
}

const PER_SEGMENT = 3;

describe.each([...backendNames])('swad on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each<[string, number[], Setting]>([
    ['a valley', [5, 3, 2, 2.1, 2.2, 2.4, 4, 5, 6, 7], { converge: 3, tolerance: 3, ratio: 1.3 }],
    ['a valley that lasts', [5, 3, 2, 2.1, 2.2, 1.9, 2.5], { converge: 3, tolerance: 6, ratio: 1.3 }],
    ['a rise at the end', [3, 2, 2.2, 2.3, 4, 4.2], { converge: 2, tolerance: 4, ratio: 1.2 }],
    ['no valley', [5, 4, 3, 2, 1], { converge: 3, tolerance: 6, ratio: 1.3 }],
    ['a long tolerance', [4, 1, 2, 1.2, 3, 3, 1.1, 3, 3, 3, 3, 3], { converge: 2, tolerance: 4, ratio: 1.4 }],
  ])('averages all updates of the window: %s', (_name, losses, setting) => {
    const { numTensors } = tf.memory();
    const variables = tf.tidy(() => [tf.variable(tf.zeros([2, 2])), tf.variable(tf.scalar(0))]);
    const average = swad(variables, setting);
    const seen: number[][] = [];
    for (const [i, loss] of losses.entries()) {
      for (let j = 0; j < PER_SEGMENT; j++) {
        const value = Math.sin(7 * i + j);
        tf.tidy(() => {
          variables[0]!.assign(tf.tensor2d([value, 2 * value, 1, i], [2, 2]));
          variables[1]!.assign(tf.scalar(value - i));
        });
        seen.push([value, 2 * value, 1, i, value - i]);
        average.observe();
      }
      average.validate(loss);
    }
    const found = windowOf(losses, setting);
    expect(average.window && [average.window.start, average.window.end]).toEqual(found);
    const [start, end] = found ?? [losses.length - 1, losses.length - 1];
    const taken = seen.slice(start * PER_SEGMENT, (end + 1) * PER_SEGMENT);
    const values = () => variables.flatMap((variable) => [...variable.dataSync()]);
    const before = values();
    average.swap();
    for (const [k, value] of values().entries())
      expect(value).toBeCloseTo(taken.reduce((sum, row) => sum + row[k]!, 0) / taken.length, 5);
    average.restore();
    expect(values()).toEqual(before);
    average.dispose();
    tf.dispose(variables);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('goes on from a saved state as if uninterrupted, and refuses one that does not fit', async () => {
    const { numTensors } = tf.memory();
    const losses = [5, 3, 2.03, 2.1, 2.2, 2.4, 4, 5, 6, 7];
    const setting = { converge: 3, tolerance: 3, ratio: 1.3 };
    const variables = tf.tidy(() => [tf.variable(tf.zeros([2, 2]), true, `swad-${backend}/a`)]);
    const update = (i: number) =>
      tf.tidy(() => variables[0]!.assign(tf.fill([2, 2], Math.sin(i)) as tf.Tensor));
    const follow = (average: ReturnType<typeof swad>, from: number, to: number) => {
      for (let i = from; i < to; i++) {
        update(i);
        average.observe();
        if (i % 3 === 2) average.validate(losses[(i - 2) / 3]!);
      }
    };
    const averaged = (average: ReturnType<typeof swad>) => {
      average.swap();
      const result = { window: average.window, values: [...variables[0]!.dataSync()] };
      average.restore();
      return result;
    };
    const whole = swad(variables, setting);
    follow(whole, 0, 30);
    const expected = averaged(whole);
    for (const at of [1, 4, 9, 14, 22, 28]) {
      const first = swad(variables, setting);
      follow(first, 0, at);
      const state = await first.getWeights();
      const resumed = swad(variables, setting);
      await resumed.setWeights(state);
      follow(first, at, 30);
      first.dispose();
      follow(resumed, at, 30);
      expect(averaged(resumed), `interrupted after ${at} updates`).toEqual(expected);
      await expect(resumed.setWeights(state.slice(0, 1))).rejects.toThrow(/expected swad-.*of shape \[2,2\]/);
      await expect(resumed.setWeights([])).rejects.toThrow('expected a state with swad-state');
      expect(averaged(resumed)).toEqual(expected);
      resumed.dispose();
      tf.dispose(state.map(({ tensor }) => tensor));
    }
    whole.dispose();
    tf.dispose(variables);
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('is told by model.fit, and says what it lacks', async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
    const [x, y] = [tf.ones([8, 2]), tf.ones([8, 1])];
    const average = swad(
      model.trainableWeights.map((weight) => weight.read() as tf.Variable),
      { converge: 1, tolerance: 2, ratio: 10 },
    );
    await model.fit(x, y, {
      ...{ epochs: 3, batchSize: 4, verbose: 0, validationData: [x, y] },
      callbacks: average.callbacks(),
    });
    expect(average.window).toEqual({ start: 0, end: 2 });
    expect(() => average.callbacks().onEpochEnd(0, { loss: 1 })).toThrow(
      'expected val_loss among the logs of an epoch, got [loss]. Give model.fit validationData.',
    );
    expect(() => average.validate(Number.NaN)).toThrow('expected a validation loss, got NaN');
    expect(() => average.validate(1)).toThrow('expected observe() after each update');
    average.dispose();
    tf.dispose([x, y]);
    model.dispose();
  });
});
