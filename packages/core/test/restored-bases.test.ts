import * as tf from '@tensorflow/tfjs-core';
import {
  adamw,
  type GradientOracle,
  muon,
  restoreState,
  saveState,
  sgd,
  sharpnessAware,
  swad,
  withLearningRate,
  withWeightDecay,
} from '@tfjs-sam/core';
import { useBackend } from '@tfjs-sam/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checksumOf, type Header } from '../src/driver/saving/format.js';
import { memory, restore, type Saved, stateOf } from './training.js';

beforeAll(() => useBackend('cpu'));
afterEach(() => tf.disposeVariables());

const sumOfSquares = (...variables: tf.Variable[]) =>
  tf.addN(variables.map((variable) => tf.sum(tf.square(variable)))) as tf.Scalar;
const pair = (name: string) =>
  [2, 3].map((size, i) => tf.tidy(() => tf.variable(tf.fill([size], i + 1), true, `${name}/${'ab'[i]}`)));
const values = (variables: readonly tf.Variable[]) => variables.map((variable) => [...variable.dataSync()]);
const errorOf = (f: () => unknown): string => {
  try {
    f();
  } catch (error) {
    return (error as Error).message;
  }
  return 'none';
};

/** TensorFlow.js's own under SAM, which saves and restores what they themselves do not. */
const bases = {
  adam: () => tf.train.adam(0.1, 0.8, 0.9),
  adamax: () => tf.train.adamax(0.1, 0.8, 0.9),
  momentum: () => tf.train.momentum(0.1, 0.9),
};
const under = (base: keyof typeof bases) => sharpnessAware(bases[base]());
const without = (end: string) => (state: Saved[]) => state.filter(({ name }) => !name.endsWith(end));
const changed = (end: string, change: Partial<Saved>) => (state: Saved[]) =>
  state.map((each) => (each.name.endsWith(end) ? { ...each, ...change } : each));

describe('the saved state of an optimizer of TensorFlow.js', () => {
  it.each<[string, keyof typeof bases, (state: Saved[]) => Saved[], string]>([
    [
      'a number that is two',
      'adam',
      changed('accBeta2', { shape: [2], values: [1, 1] }),
      'Adam: expected "accBeta2" to be one number, got the shape [2]',
    ],
    ['no iteration', 'adamax', without('/iteration'), 'Adamax: expected "iteration" in the state, got none'],
    [
      'a slot of another kind',
      'adam',
      (state) => [...state, { name: 'base/held/a/w', shape: [2], values: [1, 1] }],
      'Adam: expected names that end with [m,v], got "held/a/w" in the state',
    ],
    [
      'slots of some variables',
      'adam',
      without('held/a/v'),
      'Adam: expected "m" and "v" of the same variables in the state, got different ones',
    ],
    [
      'slots of two shapes',
      'adam',
      changed('held/a/v', { shape: [1, 2] }),
      'Adam: expected "m" and "v" of the same variables in the state, got different ones',
    ],
  ])('with %s is refused, and changes nothing', async (_, base, damage, message) => {
    const variables = pair('held');
    const [first, second] = [under(base), under(base)];
    for (const optimizer of [first, second, second])
      optimizer.minimize(() => sumOfSquares(...variables), false, variables);
    const before = await stateOf(second);
    const { numTensors } = tf.memory();
    await expect(restore(second, damage(await stateOf(first)))).rejects.toThrow(message);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(await stateOf(second)).toEqual(before);
  });

  it('of before there were bias corrections has those of its step count', async () => {
    const variables = pair('older');
    const [first, resumed] = [under('adam'), under('adam')];
    for (let i = 0; i < 3; i++) first.minimize(() => sumOfSquares(...variables), false, variables);
    const state = await stateOf(first);
    await restore(resumed, without('/accBeta1')(without('/accBeta2')(state)));
    const corrections = new Map((await stateOf(resumed)).map(({ name, values: [value] }) => [name, value]));
    // The power of the step to come.
    expect(corrections.get('base/accBeta1')).toBeCloseTo(0.8 ** 4, 6);
    expect(corrections.get('base/accBeta2')).toBeCloseTo(0.9 ** 4, 6);
  });

  it('waits through an update of nothing, and binds by order at the first one of something', async () => {
    const [old, now] = [pair('was'), pair('is')];
    const make = () => withWeightDecay(bases.momentum(), { weightDecay: 0.1 });
    const [first, resumed] = [make(), make()];
    for (let i = 0; i < 2; i++) first.minimize(() => sumOfSquares(...old), false, old);
    for (const [i, variable] of now.entries()) variable.assign(old[i]!);
    await restore(resumed, await stateOf(first));
    resumed.applyGradients([]);
    first.minimize(() => sumOfSquares(...old), false, old);
    resumed.minimize(() => sumOfSquares(...now), false, now);
    expect(values(now)).toEqual(values(old));
    await restore(resumed, await stateOf(first));
    const strangers = [tf.variable(tf.ones([5]), true, 'stranger')];
    for (let i = 0; i < 2; i++)
      expect(errorOf(() => resumed.minimize(() => sumOfSquares(...strangers), false, strangers))).toMatch(
        /^state: expected the variables that the restored state is of.*Saved: 2 \(was\/a \[2\], was\/b \[3\]\)/,
      );
  });

  it('is of the variables that move, where others rest beside them, and is saved in the order of their making', async () => {
    const make = () => withWeightDecay(bases.momentum(), { weightDecay: 0.1 });
    const [old] = pair('moved') as [tf.Variable, tf.Variable];
    const [still, now] = pair('rests').reverse() as [tf.Variable, tf.Variable];
    const [first, resumed, empty] = [make(), make(), make()];
    first.applyGradients({ [old.name]: old });
    await restore(resumed, await stateOf(first));
    const rests = { name: still.name, tensor: null as unknown as tf.Tensor };
    resumed.applyGradients([rests, { name: now.name, tensor: tf.ones([2]) }]);
    const slotOf = async (optimizer: tf.Optimizer) =>
      (await stateOf(optimizer)).filter(({ name }) => name.endsWith('momentum'));
    // 0.9 · 1 + 1: the slot went on.
    expect(await slotOf(resumed)).toContainEqual({
      ...{ name: `base/${now.name}/momentum`, shape: [2] },
      values: [expect.closeTo(1.9, 6), expect.closeTo(1.9, 6)],
    });
    await restore(empty, await stateOf(make()));
    empty.applyGradients([now, old].map(({ name, shape }) => ({ name, tensor: tf.ones(shape) })));
    expect((await slotOf(empty)).map(({ name }) => name)).toEqual(
      [old, now].map(({ name }) => `base/${name}/momentum`),
    );
  });

  it('loses no slot to an update that names a variable which is gone', () => {
    const [a, b] = pair('there') as [tf.Variable, tf.Variable];
    const run = (fails: boolean) => {
      const optimizer = withLearningRate(bases.momentum(), 0.1);
      a.assign(tf.tensor1d([1, 1]));
      for (let i = 0; i < 3; i++) {
        if (fails && i > 0)
          expect(() => optimizer.applyGradients({ gone: tf.ones([1]), [a.name]: tf.ones([2]) })).toThrow();
        optimizer.applyGradients(i === 0 ? { [a.name]: a } : { [b.name]: b, [a.name]: tf.ones([2]) });
      }
      return values([a]);
    };
    expect(run(true)).toEqual(run(false));
  });
});

describe('a saved learning rate', () => {
  it.each([
    [0, undefined],
    [0.05, undefined],
    [-0.1, 'expected a learning rate >= 0, got -0.1'],
  ])('of %s is taken or refused, at every level', async (rate, message) => {
    const make = () => withWeightDecay(tf.train.momentum(0.1, 0.9), { weightDecay: 0.1 });
    const place = memory();
    await saveState(make(), place);
    const { modelTopology, weightSpecs, weightData } = place.artifacts;
    const { checksum: _, ...header } = modelTopology as unknown as Header;
    const config = { ...header.config, base: { ...(header.config.base as object), learningRate: rate } };
    const data = new Uint8Array(weightData as ArrayBuffer);
    const checksum = checksumOf({ ...header, config }, weightSpecs as never, data);
    place.artifacts.modelTopology = { ...header, config, checksum };
    const optimizer = make();
    if (message) await expect(restoreState(optimizer, place)).rejects.toThrow(message);
    else await restoreState(optimizer, place);
    expect(optimizer.learningRate).toBe(message ? 0.1 : rate);
  });
});

describe('Muon beside AdamW', () => {
  it('shows a first moment of each variable, zero of those that have none', () => {
    const [matrix, other] = [tf.variable(tf.ones([2, 2])), tf.variable(tf.ones([2, 2]))];
    const [bias, scale] = [tf.variable(tf.tensor1d([2])), tf.variable(tf.tensor1d([3]))];
    const optimizer = muon({ learningRate: 0.01, momentum: 0.75, beta1: 0.5, weightDecay: 0 });
    const all = [bias, other, matrix, scale];
    const moments = () => optimizer.firstMoment(all)?.map((moment) => [...moment.dataSync()]);
    expect(moments()).toBeUndefined();
    optimizer.minimize(() => sumOfSquares(bias), false, [bias]);
    expect(moments()).toEqual([[2], [0, 0, 0, 0], [0, 0, 0, 0], [0]]);
    optimizer.minimize(() => sumOfSquares(matrix), false, [matrix]);
    // (1 − μ) g, and (1 − β₁) g.
    expect(moments()).toEqual([[2], [0, 0, 0, 0], [0.5, 0.5, 0.5, 0.5], [0]]);
    expect(optimizer.secondMoment(all)).toBeUndefined();
    expect(optimizer.momentumBuffer(all)).toBeUndefined();
  });
});

describe('what core’s own base optimizers show', () => {
  it.each([
    [
      'a momentum',
      sgd({ learningRate: 0.1, momentum: 0.5 }),
      [
        [2, 2],
        [0, 0, 0],
      ],
    ],
    ['none', sgd({ learningRate: 0.1 }), undefined],
  ] as const)('%s of the variables that have moved', (_, optimizer, expected) => {
    const [a, b] = pair('shown') as [tf.Variable, tf.Variable];
    const shown = () => optimizer.momentumBuffer([a, b])?.map((buffer) => [...buffer.dataSync()]);
    expect(shown()).toBeUndefined();
    optimizer.minimize(() => sumOfSquares(a), false, [a]);
    expect(shown()).toEqual(expected);
    expect(optimizer.firstMoment([a, b])?.map((moment) => [...moment.dataSync()])).toEqual(expected);
  });
});

describe('what a rule sees of the base optimizer', () => {
  type Shown = Pick<GradientOracle['base'], 'learningRate' | 'momentum'> &
    Record<'momentumBuffer' | 'firstMoment' | 'secondMoment', number[] | undefined>;
  const close = (...values: number[]) => values.map((value) => expect.closeTo(value, 6));
  // The gradient is 2; the second variable has not moved.
  it.each<[string, () => tf.Optimizer, Partial<Shown>]>([
    ['tf.train.sgd', () => tf.train.sgd(0.1), {}],
    [
      'tf.train.momentum',
      () => tf.train.momentum(0.1, 0.9),
      { momentum: 0.9, momentumBuffer: close(2, 0), firstMoment: close(2, 0) },
    ],
    [
      'tf.train.adam',
      () => tf.train.adam(0.1, 0.8, 0.9),
      { firstMoment: close(0.4, 0), secondMoment: close(0.4, 0) },
    ],
    ['tf.train.rmsprop', () => tf.train.rmsprop(0.1, 0.75, 0.5), { secondMoment: close(1, 0) }],
    ['tf.train.adagrad', () => tf.train.adagrad(0.1), {}],
    [
      'sgd in wrappers',
      () =>
        withWeightDecay(
          withLearningRate(sgd({ learningRate: 1, momentum: 0.5 }), () => 0.1),
          { weightDecay: 0 },
        ),
      { momentum: 0.5, momentumBuffer: close(2, 0), firstMoment: close(2, 0) },
    ],
    [
      'adamw with a schedule',
      () => adamw({ learningRate: (step) => 0.2 / (1 + step), beta1: 0.8, beta2: 0.9 }),
      { firstMoment: close(0.4, 0), secondMoment: close(0.4, 0) },
    ],
  ])('%s', (_, base, expected) => {
    const [a, b] = [1, 1].map((value) => tf.variable(tf.tensor1d([value]))) as [tf.Variable, tf.Variable];
    const seen: Shown[] = [];
    const flat = (of: readonly tf.Tensor[] | undefined) => of?.flatMap((tensor) => [...tensor.dataSync()]);
    const rule = {
      name: 'looking',
      direction: (oracle: GradientOracle) => {
        const { base } = oracle;
        seen.push({
          ...{ learningRate: base.learningRate, momentum: base.momentum },
          momentumBuffer: flat(base.momentumBuffer([a, b])),
          firstMoment: flat(base.firstMoment([a, b])),
          secondMoment: flat(base.secondMoment([a, b])),
        });
        const { loss, gradient } = oracle.evaluate();
        return { loss, direction: gradient };
      },
    };
    const optimizer = sharpnessAware(base(), rule);
    for (let i = 0; i < 2; i++) optimizer.minimize(() => sumOfSquares(a), false, [a]);
    const none = { momentumBuffer: undefined, firstMoment: undefined, secondMoment: undefined };
    const momentum = expected.momentum ?? 0;
    const [first, second] = seen;
    const { learningRate: _rate, ...rest } = first!;
    expect(rest).toEqual({ ...none, momentum });
    expect(second).toEqual({ ...none, momentum, ...expected, learningRate: 0.1 });
    optimizer.dispose();
  });
});

describe('swad', () => {
  const setting = { converge: 1, tolerance: 2, ratio: 1.5 };
  const weight = () => tf.tidy(() => tf.variable(tf.tensor1d([0]), true, 'swad/w'));
  const follow = (average: ReturnType<typeof swad>, w: tf.Variable, losses: readonly number[]) => {
    for (const [i, loss] of losses.entries()) {
      tf.tidy(() => w.assign(tf.tensor1d([i + 1])));
      average.observe();
      average.validate(loss);
    }
  };

  it('says what is too early, and what is not its own', async () => {
    const w = weight();
    const average = swad([w], setting);
    expect(average.window).toBeUndefined();
    expect(() => average.swap()).toThrow('swad: expected a validation before the average is asked for');
    follow(average, w, [1, 1]);
    const state = await average.getWeights();
    average.swap();
    expect(() => average.swap()).toThrow('to be in place for swap, got the average');
    await expect(average.getWeights()).rejects.toThrow('to be in place for saving, got the average');
    await expect(average.setWeights(state)).rejects.toThrow(
      'in place for restoring a state, got the average',
    );
    expect(values([w])).toEqual([[1.5]]);
    average.restore();
    average.restore();
    expect(values([w])).toEqual([[2]]);
    const [header, ...sums] = state;
    const numbers = header!.tensor;
    for (const tensor of [tf.cast(numbers, 'float32'), tf.slice(numbers, 0, 12), tf.slice(numbers, 0, 15)])
      await expect(average.setWeights([{ ...header!, tensor }, ...sums])).rejects.toThrow(
        'expected a state with swad-state',
      );
    const other = sums.map(({ name }) => ({ name, tensor: tf.ones([3]) }));
    await expect(average.setWeights([header!, ...other])).rejects.toThrow(
      'swad: expected swad/w/swad-sum-0 of shape [1] in the state, got shape [3]',
    );
    await expect(average.setWeights([header!])).rejects.toThrow('in the state, got none');
    average.dispose();
  });

  it('is over for good, in a restored state as well, whatever comes after', async () => {
    const w = weight();
    const average = swad([w], setting);
    // A threshold of 1.5: the two above it end the window before them.
    follow(average, w, [1, 1.5, 2, 2]);
    expect(average.window).toEqual({ start: 0, end: 1 });
    const resumed = swad([w], setting);
    await resumed.setWeights(await average.getWeights());
    for (const each of [average, resumed]) {
      const { numTensors: before } = tf.memory();
      follow(each, w, [0, 0, 0]);
      expect(tf.memory().numTensors).toBe(before);
      expect(each.window).toEqual({ start: 0, end: 1 });
      each.swap();
      expect(values([w])).toEqual([[1.5]]);
      each.restore();
      each.dispose();
    }
  });

  it('has a threshold above the mean where losses are negative, and a start at the least of several', () => {
    const w = weight();
    const average = swad([w], { converge: 2, tolerance: 2, ratio: 1.5 });
    // (−4 − 2)/2 = −3, and half of its size above that: −1.5 ends nothing, −1.4 twice does.
    follow(average, w, [-1, -4, -2, -1.5]);
    expect(average.window).toEqual({ start: 1, end: 3 });
    follow(average, w, [-1.4, -1.4]);
    expect(average.window).toEqual({ start: 1, end: 3 });
    average.swap();
    expect(values([w])[0]![0]).toBeCloseTo((2 + 3 + 4) / 3, 6);
    average.restore();
    average.dispose();
  });
});
