import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import {
  type AscentDirection,
  adamw,
  axpy,
  clipByGlobalNorm,
  clipByValue,
  exponentialMovingAverage,
  latestWeightAverage,
  lion,
  oneCycle,
  type Schedule,
  type SharpnessRule,
  saveState,
  scale,
  sgd,
  sharpnessAware,
  stochasticWeightAverage,
  WrappedOptimizer,
  warmupCosine,
  withLearningRate,
  withWeightDecay,
} from '@tfjs-sam/core';
import { backendNames, buildGoldenModel, type Golden, toyProblem, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { distance, memory, stateOf, train, withProblem } from './training.js';
import { describeWrapper } from './wrapper-suite.js';
import { wrappers } from './wrappers.js';

wrappers.forEach(describeWrapper);

interface Case {
  readonly name: string;
  readonly hyper: { lr: number; weight_decay: number; betas?: [number, number]; eps?: number };
  readonly steps: readonly { loss: number; parameters: Record<string, number[]> }[];
}
type Reference = Pick<Golden, 'initial'> & { batches: NonNullable<Golden['data']['batches']>; cases: Case[] };
const reference = JSON.parse(
  readFileSync(new URL('./fixtures/base-optimizers.json', import.meta.url), 'utf8'),
) as Reference;

describe.each([...backendNames])('withWeightDecay on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(
    reference.cases
      .filter(({ name }) => name.startsWith('adamw'))
      .map((entry) => [entry.name, entry] as const),
  )('makes PyTorch’s %s of TensorFlow.js’s Adam', (_name, { hyper, steps }) => {
    const { variables, loss, dispose } = buildGoldenModel({
      model: 'mlp',
      initial: reference.initial,
      data: { batches: reference.batches },
    } as unknown as Golden);
    const adam = tf.train.adam(hyper.lr, ...hyper.betas!, hyper.eps);
    const optimizer = withWeightDecay(adam, { weightDecay: hyper.weight_decay, decay: 'all' });
    for (const [i, step] of steps.entries()) {
      optimizer.minimize(() => loss(i % reference.batches.length), false, variables);
      for (const [j, expected] of Object.values(step.parameters).entries()) {
        // float32 against float64: 8 steps of numbers of size 1, each with a few dozen roundings of 2⁻²⁴.
        expect(distance([expected], [[...variables[j]!.dataSync()]])).toBeLessThan(1e-5);
      }
    }
    optimizer.dispose();
    dispose();
  });

  it('takes core’s adamw’s steps around core’s adamw without decay, on the weights alone', () => {
    const decays = ({ shape }: tf.Variable) => shape.length > 1;
    const run = (optimizer: tf.Optimizer) => {
      const problem = toyProblem();
      train(optimizer, problem, 6);
      const values = problem.values();
      optimizer.dispose();
      problem.dispose();
      return values;
    };
    const ours = run(withWeightDecay(adamw({ weightDecay: 0, learningRate: 0.02 }), { weightDecay: 0.3 }));
    const whole = run(adamw({ weightDecay: 0.3, learningRate: 0.02, decay: decays }));
    // θ(1 − lrλ) − step and θ − step − lrλθ round differently, six times, by 2⁻²⁴ of numbers of size 1.
    expect(distance(ours, whole)).toBeLessThan(2e-6);
  });

  it.each([
    ['dense/kernel', [2, 2], true],
    ['lstm/recurrent_kernel_1', [2, 2], true],
    ['dense/bias', [2], false],
    ['batch_normalization/gamma', [2], false],
    ['layer_normalization/gamma', [2, 2], false],
    ['layer_normalization/beta_3', [2, 2], false],
    ['attention/bias', [2, 2], false],
  ])('by default %s of shape %s decays: %s', (name, shape, expected) => {
    const variable = tf.variable(tf.ones(shape), true, `predicate/${name}`);
    const optimizer = withWeightDecay(sgd({ learningRate: 1 }), { weightDecay: 0.5 });
    optimizer.minimize(() => tf.mul(tf.sum(variable), 0) as tf.Scalar, false, [variable]);
    expect(variable.dataSync()[0]).toBe(expected ? 0.5 : 1);
    variable.dispose();
    optimizer.dispose();
  });

  it('multiplies the decay by the learning rate of the schedule inside', () => {
    const weight = tf.variable(tf.ones([1, 1]));
    const rates = [0.5, 0.25];
    const optimizer = withWeightDecay(
      withLearningRate(sgd({ learningRate: 1 }), (step) => rates[step]!),
      { weightDecay: 0.5 },
    );
    for (let i = 0; i < 2; i++) optimizer.minimize(() => tf.mul(tf.sum(weight), 0) as tf.Scalar);
    expect(weight.dataSync()[0]).toBe(0.75 * 0.875);
    weight.dispose();
    optimizer.dispose();
  });
});

describe.each([...backendNames])('withLearningRate on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each([
    ['sgd', () => sgd({ learningRate: 9 })],
    ['tf.train.sgd', () => tf.train.sgd(9)],
    ['tf.train.momentum', () => tf.train.momentum(9, 0)],
  ])('sets the rate of %s before each update', (_name, inner) => {
    const rates = [0.5, 0.25, 0, 1];
    const weight = tf.variable(tf.scalar(0));
    const optimizer = withLearningRate(inner(), (step) => rates[step]!);
    const moves = rates.map((rate) => {
      expect(optimizer.learningRate).toBe(rate);
      const before = weight.dataSync()[0]!;
      optimizer.minimize(() => tf.mul(weight, 1) as tf.Scalar, false, [weight]);
      return before - weight.dataSync()[0]!;
    });
    expect(moves).toEqual(rates);
    weight.dispose();
    optimizer.dispose();
  });

  it.each<[string, (rate: Schedule) => tf.Optimizer]>([
    ['withLearningRate', (rate) => withLearningRate(tf.train.momentum(9, 0.9), rate)],
    ['withLearningRate', (rate) => exponentialMovingAverage(withLearningRate(adamw(), rate))],
    ['sgd', (rate) => sgd({ learningRate: rate, momentum: 0.9 })],
    ['adamw', (rate) => sharpnessAware(adamw({ learningRate: rate }))],
    ['lion', (rate) => sharpnessAware(withWeightDecay(lion({ learningRate: rate }), { weightDecay: 1 }))],
    ['withLearningRate', (rate) => withLearningRate(sharpnessAware(sgd({ learningRate: 9 })), rate)],
  ])('%s: a schedule that leaves the range fails at its step, before anything moves', async (owner, make) => {
    for (const rate of [-0.1, Number.NaN]) {
      await withProblem(
        () => make((step) => (step < 2 ? 0.1 : rate)),
        async (problem, optimizer) => {
          train(optimizer, problem, 2);
          const before = { weights: problem.values(), state: await stateOf(optimizer) };
          expect(() => train(optimizer, problem, 1, 2)).toThrow(
            new RangeError(
              `${owner}: expected learningRate to be a finite number >= 0, got ${rate} from its schedule at step 2`,
            ),
          );
          expect(problem.values()).toEqual(before.weights);
          expect(await stateOf(optimizer)).toEqual(before.state);
          // What was trained so far can be kept.
          await saveState(optimizer, memory());
        },
      );
    }
  });

  it('is made also where the schedule is out of its range at first: the step fails', async () => {
    await withProblem(
      () =>
        withWeightDecay(
          withLearningRate(tf.train.adam(1), () => -1),
          { weightDecay: 1 },
        ),
      (problem, optimizer) => {
        expect(optimizer.getConfig()).toMatchObject({ base: { name: 'learning-rate' } });
        expect(() => train(optimizer, problem, 1)).toThrow('got -1 from its schedule at step 0');
      },
    );
  });

  it('yields to a tf.Callback that sets the rate during model.fit', async () => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [3] })] });
    const optimizer = sharpnessAware(
      withLearningRate(tf.train.adam(1), warmupCosine({ peak: 0.1, warmupSteps: 1, steps: 100, from: 0.05 })),
    );
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const [x, y] = [tf.randomNormal([8, 3], 0, 1, 'float32', 1), tf.randomNormal([8, 1], 0, 1, 'float32', 2)];
    const rates: number[] = [];
    const weights: number[][] = [];
    class Stop extends tf.Callback {
      override async onEpochEnd(epoch: number): Promise<void> {
        rates.push(optimizer.learningRate);
        weights.push([...model.getWeights()[0]!.dataSync()]);
        if (epoch === 1) optimizer.setLearningRate(0);
      }
    }
    await model.fit(x, y, { epochs: 4, batchSize: 8, verbose: 0, callbacks: new Stop() });
    expect(rates.map((rate) => Number(rate.toFixed(4)))).toEqual([0.1, 0.1, 0, 0]);
    expect(weights[1]).not.toEqual(weights[0]);
    expect(weights[3]).toEqual(weights[1]);
    tf.dispose([x, y]);
    model.dispose();
    optimizer.dispose();
  });
});

describe.each([...backendNames])('clipping on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  /** The move of a step of rate 1 along a gradient of these entries, in two variables. */
  function moveOf(wrap: (base: tf.Optimizer) => tf.Optimizer, gradient: readonly number[]): number[] {
    const variables = gradient.map(() => tf.variable(tf.scalar(0)));
    const optimizer = wrap(sgd({ learningRate: 1 }));
    const loss = () => tf.addN(variables.map((v, i) => tf.mul(v, gradient[i]!))) as tf.Scalar;
    optimizer.minimize(loss, false, variables);
    const moves = variables.map((variable) => -variable.dataSync()[0]!);
    tf.dispose(variables);
    optimizer.dispose();
    return moves;
  }

  it('by global norm shortens a long gradient and leaves a short one', () => {
    const wrap = (base: tf.Optimizer) => clipByGlobalNorm(base, 1);
    const [x, y] = moveOf(wrap, [3, -4]);
    expect(x).toBeCloseTo(0.6, 6);
    expect(y).toBeCloseTo(-0.8, 6);
    expect(moveOf(wrap, [0.375, -0.5])).toEqual([0.375, -0.5]);
    expect(moveOf(wrap, [0, 0]).every((value) => value === 0)).toBe(true);
    // The square of the norm overflows float32; the norm does not.
    const [huge] = moveOf(wrap, [1e25, 0]);
    expect(huge).toBeCloseTo(1, 6);
  });

  it('by global norm passes a NaN on', () => {
    expect(moveOf((base) => clipByGlobalNorm(base, 1), [Number.NaN, 1])).toEqual([Number.NaN, Number.NaN]);
  });

  it('by value cuts each entry, and passes a NaN on', () => {
    expect(moveOf((base) => clipByValue(base, 0.5), [3, -4, 0.25])).toEqual([0.5, -0.5, 0.25]);
    expect(moveOf((base) => clipByValue(base, 0.5), [Number.NaN, 4])).toEqual([Number.NaN, 0.5]);
  });

  it('around SAM is clipping inside it: both clip the direction, not the perturbation', () => {
    const run = (make: (base: tf.Optimizer) => tf.Optimizer) => {
      const problem = toyProblem(3);
      const optimizer = make(sgd({ learningRate: 0.05, momentum: 0.9 }));
      train(optimizer, problem, 5);
      const values = problem.values();
      optimizer.dispose();
      problem.dispose();
      return values;
    };
    const inside = run((base) => sharpnessAware(clipByGlobalNorm(base, 0.5)));
    expect(run((base) => clipByGlobalNorm(sharpnessAware(base), 0.5))).toEqual(inside);
    expect(run((base) => sharpnessAware(base))).not.toEqual(inside);
  });

  it('around SAM leaves no trace of a skipped step in what the rule remembers', async () => {
    const remembering: AscentDirection = (gradient, oracle) => {
      const old = oracle.state.get('average');
      const next = old ? axpy(0.7, old, scale(0.3, gradient)) : gradient;
      oracle.state.set('average', next);
      return next;
    };
    await withProblem(
      () => clipByValue(sharpnessAware(adamw(), { ascent: remembering, onNonFinite: 'skip' }), 1),
      async (problem, optimizer) => {
        const nan = () => tf.mul(problem.loss(0), Number.NaN) as tf.Scalar;
        optimizer.minimize(nan, false, problem.variables);
        train(optimizer, problem, 2, 1);
        const kept = await stateOf(optimizer);
        optimizer.minimize(nan, false, problem.variables);
        const slots = (state: typeof kept) => state.filter(({ name }) => !name.endsWith('iter'));
        expect(slots(await stateOf(optimizer))).toEqual(slots(kept));
        expect(kept.flatMap(({ values }) => values).every(Number.isFinite)).toBe(true);
      },
    );
  });

  it('keeps the place of a variable that the loss does not reach', () => {
    const problem = toyProblem();
    const stranger = tf.variable(tf.ones([4]), true);
    // TensorFlow.js's optimizers key their state by position in the list.
    const [first, ...rest] = problem.variables;
    const varList = [first!, stranger, ...rest];
    const [wrapped, plain] = [clipByGlobalNorm(tf.train.adam(0.1), 1e6), tf.train.adam(0.1)];
    const before = problem.values();
    const run = (optimizer: tf.Optimizer) => {
      problem.assign(before);
      for (let i = 0; i < 3; i++) optimizer.minimize(() => problem.loss(i), false, varList);
      return problem.values();
    };
    expect(run(wrapped)).toEqual(run(plain));
    tf.dispose(stranger);
    for (const thing of [problem, wrapped, plain]) thing.dispose();
  });

  it('refuses to stand around a rule that evaluates after its update', () => {
    const rule: SharpnessRule = {
      name: 'after',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate();
        return { loss, direction: gradient };
      },
      afterStep: () => {},
    };
    const inner = exponentialMovingAverage(sharpnessAware(sgd({ learningRate: 1 }), rule));
    expect(() => clipByValue(inner, 1)).toThrow('clipByValue: expected to be inside after');
    expect(exponentialMovingAverage(inner)).toBeInstanceOf(WrappedOptimizer);
    inner.dispose();
  });
});

describe.each([...backendNames])('averages on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  /** The weights after each of a few steps, with an average of them beside. */
  async function trajectory(
    wrap: (base: tf.Optimizer) => ReturnType<typeof exponentialMovingAverage>,
    f: (seen: number[][], optimizer: ReturnType<typeof wrap>, values: () => number[]) => unknown,
  ): Promise<void> {
    await withProblem(
      () => wrap(sharpnessAware(sgd({ learningRate: 0.05, momentum: 0.9 }))),
      async (problem, optimizer) => {
        const seen = [0, 1, 2, 3, 4, 5, 6].map((i) => {
          train(optimizer, problem, 1, i);
          return problem.values().flat();
        });
        await f(seen, optimizer as ReturnType<typeof wrap>, () => problem.values().flat());
      },
    );
  }
  const mean = (points: readonly (readonly number[])[], shares: readonly number[]) => {
    const total = shares.reduce((sum, share) => sum + share, 0);
    return points[0]!.map(
      (_, j) => points.reduce((sum, point, i) => sum + shares[i]! * point[j]!, 0) / total,
    );
  };

  it('are the exponential one, with shares that add up to 1', async () => {
    await trajectory(
      (base) => exponentialMovingAverage(base, { decay: 0.8 }),
      (seen, optimizer, values) => {
        const expected = mean(
          seen,
          seen.map((_, i) => 0.8 ** (6 - i)),
        );
        // Seven sums and a quotient in float32 of numbers of size 1.
        optimizer.withAverages(() => expect(distance([values()], [expected])).toBeLessThan(1e-6));
        expect(values()).toEqual(seen.at(-1));
      },
    );
  });

  it('are the plain mean of every third update from the second on', async () => {
    await trajectory(
      (base) => stochasticWeightAverage(base, { start: 1, every: 3 }),
      (seen, optimizer, values) => {
        optimizer.swap();
        expect(distance([values()], [mean([seen[1]!, seen[4]!], [1, 1])])).toBeLessThan(1e-6);
        optimizer.restore();
        expect(values()).toEqual(seen.at(-1));
      },
    );
  });

  it('are the plain mean over a window', async () => {
    await trajectory(
      (base) => stochasticWeightAverage(base, { start: 2, end: 4 }),
      (seen, optimizer, values) => {
        const expected = mean(seen.slice(2, 5), [1, 1, 1]);
        optimizer.withAverages(() => expect(distance([values()], [expected])).toBeLessThan(1e-6));
      },
    );
  });

  it.each([
    [2, [3, 5]],
    [3, [1, 3, 5]],
    [9, [1, 3, 5]],
  ])('are the mean of the latest %d of every second update', async (size, taken) => {
    await trajectory(
      (base) => latestWeightAverage(base, { size, start: 1, every: 2 }),
      (seen, optimizer, values) => {
        const expected = mean(
          taken.map((i) => seen[i]!),
          taken.map(() => 1),
        );
        optimizer.withAverages(() => expect(distance([values()], [expected])).toBeLessThan(1e-6));
        expect(values()).toEqual(seen.at(-1));
      },
    );
  });

  it('are put away again after an asynchronous evaluation, and when it throws', async () => {
    await trajectory(
      (base) => exponentialMovingAverage(base),
      async (seen, optimizer, values) => {
        const { numTensors } = tf.memory();
        const inside = await optimizer.withAverages(async () => {
          await Promise.resolve();
          return values();
        });
        expect(inside).not.toEqual(seen.at(-1));
        expect(values()).toEqual(seen.at(-1));
        const failing = () => {
          throw new Error('no data');
        };
        expect(() => optimizer.withAverages(failing)).toThrow('no data');
        await expect(optimizer.withAverages(async () => failing())).rejects.toThrow('no data');
        expect(values()).toEqual(seen.at(-1));
        expect(tf.memory().numTensors).toBe(numTensors);
      },
    );
  });

  it('refuse updates and a second swap while they are in place, and stay when disposed', async () => {
    await withProblem(
      () => sgd({ learningRate: 1 }),
      (problem) => {
        const { numTensors } = tf.memory();
        const optimizer = exponentialMovingAverage(sgd({ learningRate: 0.1 }));
        optimizer.swap();
        train(optimizer, problem, 2);
        optimizer.swap();
        expect(() => optimizer.swap()).toThrow('in place for swap, got the averages. Call restore() first');
        expect(() => train(optimizer, problem, 1)).toThrow('in place for an update, got the averages');
        const averages = problem.values();
        optimizer.dispose();
        expect(problem.values()).toEqual(averages);
        expect(tf.memory().numTensors).toBe(numTensors);
      },
    );
  });

  it('take in a variable that joins later without a bias', () => {
    const [early, late] = [tf.variable(tf.scalar(1)), tf.variable(tf.scalar(4))];
    const optimizer = exponentialMovingAverage(sgd({ learningRate: 0 }), { decay: 0.9 });
    optimizer.minimize(() => tf.square(early) as tf.Scalar, false, [early]);
    optimizer.minimize(() => tf.square(tf.mul(early, late)) as tf.Scalar, false, [early, late]);
    optimizer.withAverages(() => {
      expect(early.dataSync()[0]).toBeCloseTo(1, 6);
      expect(late.dataSync()[0]).toBeCloseTo(4, 6);
    });
    tf.dispose([early, late]);
    optimizer.dispose();
  });

  it('see each step of minimizeOver, which goes to the sharpness-aware base', async () => {
    const run = async (wrapped: boolean) => {
      const problem = toyProblem();
      const inner = sharpnessAware(sgd({ learningRate: 0.05 }));
      const optimizer = wrapped ? exponentialMovingAverage(inner) : inner;
      const closures = [0, 1].map((i) => () => problem.loss(i));
      for (let i = 0; i < 2; i++)
        optimizer.minimizeOver(closures, { sharpness: 'per-micro-batch', varList: problem.variables });
      const result = { values: problem.values(), slots: (await stateOf(optimizer)).length };
      optimizer.dispose();
      problem.dispose();
      return result;
    };
    const [plain, observed] = [await run(false), await run(true)];
    expect(observed.values).toEqual(plain.values);
    // A sum and a weight for each of four variables, and the base's own count.
    expect(observed.slots).toBe(plain.slots + 9);
  });
});

describe('wrappers in saved models', () => {
  beforeAll(() => useBackend('cpu'));

  it.each([
    ['withLearningRate', () => withLearningRate(adamw(), oneCycle({ peak: 0.01, steps: 9 }))],
    ['an average around SAM', () => exponentialMovingAverage(sharpnessAware(lion()), { decay: 0.5 })],
    ['clipping around an average', () => clipByValue(stochasticWeightAverage(tf.train.rmsprop(0.01)), 1)],
    ['sgd with a schedule', () => sgd({ learningRate: oneCycle({ peak: 0.01, steps: 9 }) })],
  ])('%s comes back with its model', async (_name, make) => {
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [2] })] });
    const optimizer = make();
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const [x, y] = [tf.ones([4, 2]), tf.zeros([4, 1])];
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    let saved: tf.io.ModelArtifacts | undefined;
    const handler = tf.io.withSaveHandler(async (artifacts) => {
      saved = JSON.parse(JSON.stringify({ ...artifacts, weightData: undefined })) as tf.io.ModelArtifacts;
      saved.weightData = artifacts.weightData!;
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    });
    await model.save(handler, { includeOptimizer: true });
    const loaded = (await tf.loadLayersModel(tf.io.fromMemory(saved!))) as tf.Sequential;
    const copy = loaded.optimizer;
    expect(copy.getConfig()).toEqual(JSON.parse(JSON.stringify(optimizer.getConfig())));
    expect(copy.iterations).toBe(2);
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    await loaded.fit(x, y, { epochs: 2, verbose: 0 });
    expect([...loaded.getWeights()[0]!.dataSync()]).toEqual([...model.getWeights()[0]!.dataSync()]);
    tf.dispose([x, y]);
    model.dispose();
    loaded.dispose();
  });
});

describe('options of the wrappers', () => {
  const base = () => sgd({ learningRate: 0.1 });
  it.each<[() => unknown, string]>([
    [
      () => clipByGlobalNorm(base(), 0),
      'clipByGlobalNorm: expected maxNorm to be a finite number > 0, got 0',
    ],
    [() => clipByValue(base(), -1), 'clipByValue: expected limit to be a finite number > 0, got -1'],
    [
      () => clipByValue('adam' as never, 1),
      'clipByValue: expected base to be a tf.Optimizer, got adam. For example: tf.train.adam(1e-3)',
    ],
    [
      () => withWeightDecay(base(), { weightDecay: -1 }),
      'withWeightDecay: expected weightDecay to be a finite number >= 0, got -1',
    ],
    [
      () => withWeightDecay(base(), { weightDecay: 1, decay: 'none' as never }),
      "withWeightDecay: expected decay to be 'weights', 'all' or a function (variable) => boolean, got \"none\"",
    ],
    [
      () => withLearningRate(base(), -1),
      'withLearningRate: expected learningRate to be a finite number >= 0, got -1',
    ],
    [
      () => exponentialMovingAverage(base(), { decay: 1 }),
      'exponentialMovingAverage: expected decay to be in [0, 1), got 1',
    ],
    [
      () => stochasticWeightAverage(base(), { every: 0 }),
      'stochasticWeightAverage: expected every to be an integer >= 1, got 0',
    ],
    [
      () => stochasticWeightAverage(base(), { start: 3, end: 2 }),
      'stochasticWeightAverage: expected end >= start, got 2 < 3',
    ],
    [
      () => latestWeightAverage(base(), { every: 1, size: 0 }),
      'latestWeightAverage: expected size to be an integer >= 1, got 0',
    ],
    [
      () => exponentialMovingAverage(base()).minimizeOver([]),
      'exponentialMovingAverage: expected a sharpness-aware base for minimizeOver, got another optimizer',
    ],
    [
      () => clipByValue(sharpnessAware(base()), 1).minimizeOver([]),
      'clipByValue: expected to be the base of the sharpness-aware optimizer for minimizeOver',
    ],
  ])('are checked at the door', (make, message) => {
    expect(make).toThrow(message);
  });
});
