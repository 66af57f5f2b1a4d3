import * as tf from '@tensorflow/tfjs';
import {
  adamw,
  exponentialMovingAverage,
  type GradientOracle,
  restoreState,
  saveState,
  sgd,
  sharpnessAware,
  withWeightDecay,
} from '@tfjs-sam/core';
import { useBackend } from '@tfjs-sam/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checksumOf } from '../src/driver/saving/format.js';
import { memory, restore, type Saved, stateOf } from './training.js';

// A test that fails must not fail the others, which look at all variables that there are.
afterEach(() => tf.disposeVariables());

type Shapes = Readonly<Record<string, readonly number[]>>;

/** Variables by name and shape, filled with different numbers, and steps on their losses. */
function problemOf(shapes: Shapes) {
  const variables = Object.entries(shapes).map(([name, shape], i) =>
    tf.variable(tf.add(tf.ones([...shape]), i), true, name),
  );
  const loss = (some: readonly tf.Variable[]) => () =>
    tf.addN(
      some.map((variable) => tf.sum(tf.mul(variables.indexOf(variable) + 1, tf.square(variable)))),
    ) as tf.Scalar;
  return {
    variables,
    values: () => variables.map((variable) => [...variable.dataSync()]),
    assign: (values: readonly (readonly number[])[]) => {
      for (const [i, variable] of variables.entries())
        tf.tidy(() => variable.assign(tf.tensor([...values[i]!], variable.shape)));
    },
    step: (optimizer: tf.Optimizer, some: readonly tf.Variable[] = variables) =>
      void optimizer.minimize(loss(some), false, [...some]),
    stepOnAll: (optimizer: tf.Optimizer) => void optimizer.minimize(loss(variables)),
    dispose: () => tf.dispose(variables),
  };
}

const makers: Readonly<Record<string, () => tf.Optimizer>> = {
  sgd: () => sgd({ learningRate: 0.01, momentum: 0.9 }),
  adamw: () => adamw({ learningRate: 0.01 }),
  'tf.train.adam': () => tf.train.adam(0.01),
  'SAM over tf.train.momentum': () => sharpnessAware(tf.train.momentum(0.01, 0.9)),
  'SAM over sgd': () => sharpnessAware(sgd({ learningRate: 0.01, momentum: 0.9 })),
  'a rule that remembers': () =>
    sharpnessAware(sgd({ learningRate: 0.01 }), { name: 'remembering', direction: remembered }),
  'an average around decay around SAM': () =>
    exponentialMovingAverage(withWeightDecay(sharpnessAware(tf.train.adam(0.01)), { weightDecay: 0.1 }), {
      decay: 0.5,
    }),
};
/** Descends along the mean of this gradient and the last. */
function remembered(oracle: GradientOracle) {
  const last = oracle.state.getEach('last');
  const { loss, gradient } = oracle.evaluate();
  oracle.state.set('last', gradient);
  return { loss, direction: gradient.map((each, i) => tf.add(each, last[i] ?? 0) as tf.Tensor) };
}

/** Trains three steps on one set of names and three on another, and three without a break. */
async function interrupted(make: () => tf.Optimizer, before: Shapes, after: Shapes): Promise<void> {
  const first = problemOf(before);
  const optimizer = make();
  for (let i = 0; i < 3; i++) first.step(optimizer);
  const saved = { values: first.values(), state: await stateOf(optimizer), place: memory() };
  await saveState(optimizer, saved.place);
  for (let i = 0; i < 3; i++) first.step(optimizer);
  const expected = first.values();
  first.dispose();
  const ways: readonly ((resumed: tf.Optimizer) => Promise<void>)[] = [
    (resumed) => restore(resumed, saved.state),
    (resumed) => restoreState(resumed, saved.place),
  ];
  for (const way of optimizer.constructor === tf.AdamOptimizer ? ways.slice(1) : ways) {
    const second = problemOf(after);
    second.assign(saved.values);
    const resumed = make();
    await way(resumed);
    for (let i = 0; i < 3; i++) second.step(resumed);
    expect(second.values()).toEqual(expected);
    resumed.dispose();
    second.dispose();
  }
  optimizer.dispose();
}

/** What a step that must not happen would change. */
async function everythingOf(problem: ReturnType<typeof problemOf>, optimizer: tf.Optimizer) {
  return {
    values: problem.values(),
    state: await stateOf(optimizer),
    iterations: optimizer.iterations,
    // TensorFlow.js's own minimize leaves its gradients behind when applyGradients throws.
    tensors: optimizer.constructor === tf.AdamOptimizer ? 0 : tf.memory().numTensors,
  };
}

describe.each(Object.keys(makers))('the state of %s finds its variables', (name) => {
  const make = makers[name]!;
  beforeAll(() => useBackend('cpu'));

  it('under names that are shifted by one', async () => {
    const [a, b] = [
      { 'dense_2/kernel': [2, 2], 'dense_3/kernel': [2, 2], 'dense_4/kernel': [2, 2] },
      { 'dense_1/kernel': [2, 2], 'dense_2/kernel': [2, 2], 'dense_3/kernel': [2, 2] },
    ];
    await interrupted(make, a, b);
  });

  it('and is refused by others, listing both, before anything changes', async () => {
    const first = problemOf({ 'one/w': [2, 3], 'one/b': [3] });
    const optimizer = make();
    for (let i = 0; i < 3; i++) first.step(optimizer);
    const [state, place] = [await stateOf(optimizer), await placeOf(optimizer)];
    first.dispose();
    for (const shapes of [
      { 'two/w': [3, 2], 'two/b': [3] },
      { 'two/w': [2, 3] },
      { 'one/w': [3, 2], 'one/b': [3] },
    ]) {
      const second = problemOf(shapes as Shapes);
      const resumed = make();
      if (name === 'tf.train.adam') await restoreState(resumed, place);
      else await restore(resumed, state);
      const before = await everythingOf(second, resumed);
      for (let i = 0; i < 2; i++)
        expect(() => second.step(resumed)).toThrow(/Saved: 2 \(one\/w \[2,3\], one\/b \[3\]\)\. Found:/);
      expect(await everythingOf(second, resumed)).toEqual(before);
      resumed.dispose();
      second.dispose();
    }
    optimizer.dispose();
  });
});

async function placeOf(optimizer: tf.Optimizer) {
  const place = memory();
  await saveState(optimizer, place);
  return place;
}

describe('a saved state', () => {
  beforeAll(() => useBackend('cpu'));
  const make = makers['SAM over sgd']!;

  it.each(['SAM over sgd', 'SAM over tf.train.momentum'])(
    'goes by name where all names are there, in whatever order: %s',
    async (name) => {
      const shapes = { 'n/a': [2], 'n/b': [2] };
      const first = problemOf(shapes);
      const optimizer = makers[name]!();
      for (let i = 0; i < 3; i++) first.step(optimizer);
      const [values, state] = [first.values(), await stateOf(optimizer)];
      first.step(optimizer);
      const expected = first.values();
      first.assign(values);
      const resumed = makers[name]!();
      await restore(resumed, state);
      first.step(resumed, [first.variables[1]!, first.variables[0]!]);
      expect(first.values()).toEqual(expected);
      for (const thing of [optimizer, resumed, first]) thing.dispose();
    },
  );

  it('is of two models that are trained in turn, and of one that has grown', async () => {
    const problem = problemOf({ 't/a': [2], 't/b': [2], 't/c': [2] });
    const [a, b, c] = problem.variables.map((variable) => [variable]);
    const optimizer = make();
    for (let i = 0; i < 2; i++) for (const one of [a!, b!]) problem.step(optimizer, one);
    const [values, state] = [problem.values(), await stateOf(optimizer)];
    const rest = (resumed: tf.Optimizer) => {
      problem.assign(values);
      for (const one of [b!, c!, a!, [...a!, ...c!]]) problem.step(resumed, one);
      return problem.values();
    };
    const resumed = make();
    await restore(resumed, state);
    expect(rest(resumed)).toEqual(rest(optimizer));
    for (const thing of [optimizer, resumed, problem]) thing.dispose();
  });

  it.each(['SAM over sgd', 'SAM over tf.train.momentum', 'an average around decay around SAM'])(
    'keeps the order of the model when its head was trained first: %s',
    async (name) => {
      const first = problemOf({ 'h/body1': [2], 'h/body2': [2], 'h/head': [2] });
      const make = makers[name]!;
      const optimizer = make();
      first.step(optimizer, [first.variables[2]!]);
      for (let i = 0; i < 2; i++) first.step(optimizer);
      const [values, state] = [first.values(), await stateOf(optimizer)];
      first.step(optimizer);
      const second = problemOf({ 'h/other1': [2], 'h/other2': [2], 'h/other3': [2] });
      second.assign(values);
      const resumed = make();
      await restore(resumed, state);
      second.step(resumed);
      expect(second.values()).toEqual(first.values());
      for (const thing of [optimizer, resumed, first, second]) thing.dispose();
    },
  );

  it('of a rule that remembers is found where names shifted and strangers are about', async () => {
    const first = problemOf({ 's/a': [2], 's/b': [2] });
    const remembering = makers['a rule that remembers']!;
    const optimizer = remembering();
    for (let i = 0; i < 2; i++) first.stepOnAll(optimizer);
    const [values, state] = [first.values(), await stateOf(optimizer)];
    first.stepOnAll(optimizer);
    const expected = first.values();
    first.assign(values);
    const byName = remembering();
    await restore(byName, state);
    first.stepOnAll(byName);
    expect(first.values()).toEqual(expected);
    first.dispose();
    const [second, stranger] = [problemOf({ 's/c': [2], 's/d': [2] }), tf.variable(tf.ones([5]))];
    second.assign(values);
    const resumed = remembering();
    await restore(resumed, state);
    second.stepOnAll(resumed);
    expect(second.values()).toEqual(expected);
    for (const thing of [optimizer, byName, resumed, second, stranger]) thing.dispose();
  });

  it('of averages takes their place at once, and is not saved meanwhile', async () => {
    const first = problemOf({ 'v/a': [2] });
    const optimizer = exponentialMovingAverage(make(), { decay: 0.5 });
    for (let i = 0; i < 3; i++) first.step(optimizer);
    const averages = optimizer.withAverages(() => first.values());
    const trained = first.values();
    const state = await stateOf(optimizer);
    first.dispose();
    const second = problemOf({ 'v/b': [2] });
    second.assign(trained);
    const resumed = exponentialMovingAverage(make(), { decay: 0.5 });
    await restore(resumed, state);
    const stranger = tf.variable(tf.ones([2]));
    expect(() => resumed.withAverages(() => {})).toThrow('Saved: 1 (v/a [2])');
    expect(resumed.withAverages(() => second.values(), second.variables)).toEqual(averages);
    stranger.dispose();
    const outer = withWeightDecay(resumed, { weightDecay: 0.1 });
    await resumed.withAverages(async () => {
      for (const saving of [saveState(resumed, memory()), saveState(outer, memory()), resumed.getWeights()])
        await expect(saving).rejects.toThrow(
          'exponentialMovingAverage: expected the trained weights to be in place for saving, got the averages',
        );
    });
    expect(second.values()).toEqual(trained);
    for (const thing of [optimizer, outer, second]) thing.dispose();
  });

  it('is of one moment, whatever is trained while it is written', async () => {
    const problem = problemOf({ 'm/a': [2] });
    for (const name of Object.keys(makers)) {
      const [optimizer, resumed] = [makers[name]!(), makers[name]!()];
      problem.step(optimizer);
      const state = await stateOf(optimizer);
      const place = memory();
      const saving = saveState(optimizer, place);
      problem.step(optimizer);
      await saving;
      await restoreState(resumed, place);
      const saved = await stateOf(resumed);
      expect(saved).toEqual(state);
      optimizer.dispose();
      resumed.dispose();
    }
    problem.dispose();
  });

  it.each<[string, (state: Saved[]) => Saved[], string]>([
    ['nothing', () => [], 'expected a state that begins with "iter", got nothing'],
    ['no step count', (state) => state.slice(1), 'expected a state that begins with "iter", got rule/last'],
    [
      'a negative step count',
      ([iter, ...rest]) => [{ ...iter!, values: [-1] }, ...rest],
      'one whole number >= 0, got -1',
    ],
    [
      'an unknown prefix',
      (state) => state.map((each) => ({ ...each, name: each.name.replace('base/', 'bose/') })),
      'expected names that begin with [rule/,base/], got "bose/iter"',
    ],
    [
      'an unknown slot',
      (state) => state.map((each) => ({ ...each, name: each.name.replace('/m:', '/q:') })),
      'expected keys among [m, v, v-max], got "q"',
    ],
    ['a slot missing', (state) => state.slice(0, -1), 'expected "v" of every variable, got none of'],
    ['a slot twice', (state) => [...state, state.at(-1)!], 'expected each name once'],
    [
      'slots of two shapes',
      (state) => [...state.slice(0, -1), { ...state.at(-1)!, shape: [3, 1] }],
      'expected one shape for all that is saved of',
    ],
    [
      'no base',
      (state) => state.filter(({ name }) => !name.startsWith('base/')),
      'begins with "iter", got nothing',
    ],
  ])('with %s is refused before anything changes', async (_, damage, message) => {
    const problem = problemOf({ 'd/a': [2], 'd/b': [3] });
    const remembering = () => sharpnessAware(adamw(), { name: 'remembering', direction: remembered });
    const [optimizer, other] = [remembering(), remembering()];
    problem.step(optimizer);
    for (let i = 0; i < 2; i++) problem.step(other);
    const state = damage(await stateOf(optimizer));
    const before = await everythingOf(problem, other);
    await expect(restore(other, state)).rejects.toThrow(message);
    expect(await everythingOf(problem, other)).toEqual(before);
    for (const thing of [optimizer, other, problem]) thing.dispose();
  });

  it('of more variables than are found is bound by name where the others exist, though frozen, and nowhere else', async () => {
    const shapes = { 'dense_1/kernel': [2], 'dense_2/kernel': [2] };
    const first = problemOf(shapes);
    const optimizer = make();
    first.step(optimizer);
    const [values, state] = [first.values(), await stateOf(optimizer)];
    first.step(optimizer, first.variables.slice(1));
    const expected = first.values();
    first.dispose();

    const frozen = problemOf(shapes);
    frozen.assign(values);
    const resumed = make();
    await restore(resumed, state);
    frozen.step(resumed, frozen.variables.slice(1));
    expect(frozen.values()).toEqual(expected);
    frozen.dispose();

    // Names are shifted by one, and the second layer is frozen: by name alone, the first would get the second's slots.
    const shifted = problemOf({ 'dense_2/kernel': [2], 'dense_3/kernel': [2] });
    const refused = make();
    await restore(refused, state);
    const before = await everythingOf(shifted, refused);
    expect(() => shifted.step(refused, shifted.variables.slice(0, 1))).toThrow(
      /Saved: 2 \(dense_1.*\)\. Found: 1 \(dense_2/,
    );
    expect(await everythingOf(shifted, refused)).toEqual(before);
    for (const thing of [optimizer, resumed, refused, shifted]) thing.dispose();
  });

  it('of scalars alone fits any shape; of many variables, some are listed', async () => {
    const names = Array.from({ length: 14 }, (_, i) => `l/${i}`);
    const remembering = {
      name: 'counting',
      direction: (oracle: GradientOracle) => {
        const { loss, gradient } = oracle.evaluate();
        oracle.state.set('count', oracle.state.get('count') ?? gradient.map(() => tf.scalar(1)));
        return { loss, direction: gradient };
      },
    };
    const counting = () => sharpnessAware(sgd({ learningRate: 0.01 }), remembering);
    const first = problemOf(Object.fromEntries(names.map((name) => [name, [2]])));
    const optimizer = counting();
    first.step(optimizer);
    const state = await stateOf(optimizer);
    first.dispose();
    const second = problemOf(Object.fromEntries(names.map((name) => [`${name}/other`, [3]])));
    const [resumed, refused] = [counting(), counting()];
    await restore(resumed, state);
    second.step(resumed);
    expect((await stateOf(resumed)).map(({ name }) => name)).toContain('rule/count:l/13/other');
    await restore(refused, state);
    expect(() => second.step(refused, second.variables.slice(1))).toThrow(
      /Saved: 14 \(l\/0 \[\?\], .*l\/11 \[\?\], and 2 more\)\. Found: 13 \(l\/1\/other \[3\], .*, and 1 more\)/,
    );
    for (const thing of [optimizer, resumed, refused, second]) thing.dispose();
  });

  it('has one checksum, in whatever order a place keeps the keys of its header', () => {
    const config = { base: { name: 'sgd', learningRate: 1 }, rho: 0.05 };
    const header = { format: 'f', version: 2, className: 'c', config };
    const turned = {
      config: { rho: 0.05, base: { learningRate: 1, name: 'sgd' } },
      className: 'c',
      version: 2,
      format: 'f',
    };
    const sum = (given: typeof header) => checksumOf(given, [], new Uint8Array([1]));
    expect(sum(turned)).toBe(sum(header));
    expect(sum({ ...header, config: { ...config, rho: 0.06 } })).not.toBe(sum(header));
  });

  it('of version 1, without a checksum, is still read', async () => {
    const problem = problemOf({ 'old/a': [2] });
    const [optimizer, resumed] = [make(), make()];
    problem.step(optimizer);
    const place = await placeOf(optimizer);
    const { checksum: _, ...header } = place.artifacts.modelTopology as Record<string, unknown>;
    place.artifacts.modelTopology = { ...header, version: 1 };
    await restoreState(resumed, place);
    expect(await stateOf(resumed)).toEqual(await stateOf(optimizer));
    for (const thing of [optimizer, resumed, problem]) thing.dispose();
  });
});
