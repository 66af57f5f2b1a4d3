import * as tf from '@tensorflow/tfjs-core';
import { adamw, restoreState, saveState, sgd, sharpnessAware, type WrappedOptimizer } from '@tfjs-sam/core';
import { backendNames, trainInFit, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { distance, memory, restore, type Saved, stateOf, tfTrain, train, withProblem } from './training.js';

/** What the suite must know of a wrapper. */
export interface WrapperSuite {
  readonly name: string;
  readonly wrap: (base: tf.Optimizer) => WrappedOptimizer;
}

type Wrap = WrapperSuite['wrap'];
const inners: Readonly<Record<string, () => tf.Optimizer>> = {
  sgd: () => sgd({ learningRate: 0.05, momentum: 0.9, weightDecay: 1e-3 }),
  adamw: () => adamw({ learningRate: 0.02 }),
  'tf.train.adam': () => tf.train.adam(0.02),
  'tf.train.momentum': () => tf.train.momentum(0.05, 0.9),
};
const sam = (base: tf.Optimizer) => sharpnessAware(base, { rho: 0.1 });
/** Where a wrapper can stand. */
const places: Readonly<Record<string, (wrap: Wrap, inner: () => tf.Optimizer) => tf.Optimizer>> = {
  alone: (wrap, inner) => wrap(inner()),
  'inside SAM': (wrap, inner) => sam(wrap(inner())),
  'around SAM': (wrap, inner) => wrap(sam(inner())),
};
const placeNames = Object.keys(places);

/** Combinations of an inner optimizer and a place in which, over all wrappers, each two meet; in the slow form, all. */
function combinations({ name }: WrapperSuite, innerNames: readonly string[]): (readonly [string, string])[] {
  const all = innerNames.flatMap((inner, i) =>
    placeNames.map((place, j) => ({ met: (i + j + name.length) % 3 === 0, pair: [place, inner] as const })),
  );
  return all.filter(({ met }) => met || process.env.TFJS_SAM_SLOW === '1').map(({ pair }) => pair);
}

function describeState(suite: WrapperSuite): void {
  const { wrap } = suite;
  it.each(combinations(suite, ['sgd', 'adamw', 'tf.train.adam']))(
    'continues a saved training as if uninterrupted: %s, over %s',
    async (place, inner) => {
      const make = () => places[place]!(wrap, inners[inner]!);
      await withProblem(make, async (problem, optimizer) => {
        train(optimizer, problem, 3);
        const saved = { weights: problem.values(), state: await stateOf(optimizer) };
        train(optimizer, problem, 3, 3);
        const uninterrupted = { weights: problem.values(), state: await stateOf(optimizer) };
        const resumed = make();
        problem.assign(saved.weights);
        await restore(resumed, saved.state);
        train(resumed, problem, 3, 3);
        expect(resumed.iterations).toBe(6);
        // TensorFlow.js's Adam recomputes its bias corrections on restore: a rounding of each of three updates of 0.02.
        if (inner === 'tf.train.adam')
          expect(distance(problem.values(), uninterrupted.weights)).toBeLessThan(1e-6);
        else {
          expect(problem.values()).toEqual(uninterrupted.weights);
          expect(await stateOf(resumed)).toEqual(uninterrupted.state);
        }
        resumed.dispose();
      });
    },
  );

  it.each(placeNames)('is made again from its configuration: %s', (place) => {
    const original = places[place]!(wrap, inners.sgd!);
    const config = JSON.parse(JSON.stringify(original.getConfig())) as tf.serialization.ConfigDict;
    const type = original.constructor as tf.serialization.SerializableConstructor<tf.Optimizer> & {
      fromConfig: typeof tf.Optimizer.fromConfig;
    };
    const copy = type.fromConfig(type, config);
    expect(copy.constructor).toBe(original.constructor);
    expect(copy.getConfig()).toEqual(config);
    expect(JSON.stringify(config)).toMatch(/"name":"sgd","learningRate":[0-9.]+,"momentum":0.9/);
    original.dispose();
    copy.dispose();
  });
}

/** On cpu alone: TensorFlow.js's optimizers are made of operations that other tests compare between backends. */
function describeTfTrain(suite: WrapperSuite): void {
  const { name, wrap } = suite;
  describe(`${name} around TensorFlow.js’s optimizers`, () => {
    beforeAll(() => useBackend('cpu'));
    it.each(combinations(suite, Object.keys(tfTrain)))(
      'trains, is saved and goes on: %s, over tf.train.%s',
      async (place, inner) => {
        const make = () => places[place]!(wrap, () => tfTrain[inner]!(0.02));
        await withProblem(make, async (problem, optimizer) => {
          const start = problem.values();
          train(optimizer, problem, 3);
          const saved = { weights: problem.values(), place: memory() };
          await saveState(optimizer, saved.place);
          const { numTensors } = tf.memory();
          train(optimizer, problem, 3, 3);
          expect(tf.memory().numTensors).toBe(numTensors);
          const uninterrupted = problem.values();
          const resumed = make();
          problem.assign(saved.weights);
          await restoreState(resumed, saved.place);
          train(resumed, problem, 3, 3);
          expect(resumed.iterations).toBe(6);
          // Adam's bias corrections are computed anew: a rounding of each of three updates of 0.02.
          expect(distance(problem.values(), uninterrupted)).toBeLessThan(1e-6);
          expect(distance(saved.weights, start)).toBeGreaterThan(1e-4);
          expect(distance(uninterrupted, saved.weights)).toBeGreaterThan(1e-4);
          resumed.dispose();
        });
      },
    );
  });
}

function describeSteps(suite: WrapperSuite): void {
  const { wrap } = suite;
  it.each(combinations(suite, Object.keys(inners)))(
    'moves what is in varList alone, counts, leaks nothing: %s, over %s',
    async (place, inner) => {
      await withProblem(
        () => places[place]!(wrap, inners[inner]!),
        (problem, optimizer) => {
          const before = problem.values();
          const some = problem.variables.slice(0, 2);
          const step = () => optimizer.minimize(() => problem.loss(0), true, some)!.dispose();
          // An average may start with the second update.
          step();
          step();
          const { numTensors } = tf.memory();
          for (let i = 0; i < 4; i++) step();
          expect(tf.memory().numTensors).toBe(numTensors);
          expect(optimizer.iterations).toBe(6);
          const after = problem.values();
          expect(after.slice(2)).toEqual(before.slice(2));
          expect(after[0]).not.toEqual(before[0]);
          expect(after[1]).not.toEqual(before[1]);
        },
      );
    },
  );

  it.each(placeNames)('frees everything when disposed: %s', async (place) => {
    const { numTensors, numBytes } = tf.memory();
    await withProblem(
      () => places[place]!(wrap, inners.adamw!),
      (problem, optimizer) => train(optimizer, problem, 3),
    );
    expect(tf.memory()).toMatchObject({ numTensors, numBytes });
  });

  it.each(placeNames)('reaches the variables of the loss without a varList: %s', async (place) => {
    await withProblem(
      () => places[place]!(wrap, inners.adamw!),
      (problem, optimizer) => {
        const stranger = tf.variable(tf.ones([3, 3]), true, 'stranger/kernel');
        const before = problem.values();
        for (let i = 0; i < 2; i++) optimizer.minimize(() => problem.loss(i));
        expect(problem.values().every((values, i) => values.some((v, j) => v !== before[i]![j]))).toBe(true);
        expect([...stranger.dataSync()]).toEqual(Array(9).fill(1));
        stranger.dispose();
      },
    );
  });

  it.each(placeNames)('undoes a step whose closure throws: %s', async (place) => {
    await withProblem(
      () => places[place]!(wrap, inners.sgd!),
      async (problem, optimizer) => {
        train(optimizer, problem, 2);
        const before = { weights: problem.values(), state: await stateOf(optimizer) };
        const { numTensors } = tf.memory();
        let calls = 0;
        const failing = () => {
          calls += 1;
          const loss = problem.loss(0);
          if (place === 'alone' || calls === 2) throw new Error('no data');
          return loss;
        };
        expect(() => optimizer.minimize(failing, false, problem.variables)).toThrow('no data');
        expect(problem.values()).toEqual(before.weights);
        expect(await stateOf(optimizer)).toEqual(before.state);
        // TensorFlow.js itself leaves the tensors of an unfinished closure behind; the sharpness-aware driver does not.
        if (place !== 'alone') expect(tf.memory().numTensors).toBe(numTensors);
      },
    );
  });

  it.each(['inside', 'around'])(
    '%s SAM, leaves no trace of a NaN step that is skipped, not even of the first one',
    async (place) => {
      const skipping = (base: tf.Optimizer) => sharpnessAware(base, { rho: 0.1, onNonFinite: 'skip' });
      await withProblem(
        () => (place === 'inside' ? skipping(wrap(inners.adamw!())) : wrap(skipping(inners.adamw!()))),
        async (problem, optimizer) => {
          const nan = () => tf.mul(problem.loss(0), Number.NaN) as tf.Scalar;
          const before = problem.values();
          optimizer.minimize(nan, false, problem.variables);
          expect(problem.values()).toEqual(before);
          train(optimizer, problem, 2, 1);
          const kept = { weights: problem.values(), state: await stateOf(optimizer) };
          const { numTensors } = tf.memory();
          optimizer.minimize(nan, false, problem.variables);
          expect(tf.memory().numTensors).toBe(numTensors);
          expect(problem.values()).toEqual(kept.weights);
          const slots = (state: Saved[]) => state.filter(({ name }) => !name.endsWith('iter'));
          expect(slots(await stateOf(optimizer))).toEqual(slots(kept.state));
          expect(kept.weights.flat().every(Number.isFinite)).toBe(true);
        },
      );
    },
  );

  it('trains in model.fit around SAM', async () => {
    await trainInFit(() => wrap(sam(inners.sgd!())));
  });
}

function describeForwarding({ wrap }: WrapperSuite): void {
  it.each(
    placeNames.flatMap((place) => ['sgd', 'tf.train.momentum'].map((inner) => [place, inner] as const)),
  )('shows the learning rate, and sets it to stop the training: %s, over %s', async (place, inner) => {
    await withProblem(
      () => places[place]!(wrap, inners[inner]!),
      (problem, optimizer) => {
        const settable = optimizer as unknown as { learningRate: number; setLearningRate(v: number): void };
        expect(settable.learningRate).toBeGreaterThan(0);
        train(optimizer, problem, 2);
        settable.setLearningRate(0);
        expect(settable.learningRate).toBe(0);
        const before = problem.values();
        train(optimizer, problem, 2, 2);
        expect(problem.values()).toEqual(before);
        settable.learningRate = 0.01;
        train(optimizer, problem, 1, 4);
        expect(problem.values()).not.toEqual(before);
      },
    );
  });

  it.each(['sgd', 'tf.train.momentum'])('shows a rule the momentum of %s', async (inner) => {
    let seen: { momentum: number; buffer: number[][] | undefined } | undefined;
    const rule = {
      name: 'looking',
      direction: (oracle: Parameters<ReturnType<typeof sam>['rule']['direction']>[0]) => {
        const buffer = oracle.base.momentumBuffer(oracle.variables)?.map((tensor) => [...tensor.dataSync()]);
        seen = { momentum: oracle.base.momentum, buffer };
        const { loss, gradient } = oracle.evaluate();
        return { loss, direction: gradient };
      },
    };
    await withProblem(
      () => sharpnessAware(wrap(inners[inner]!()), rule),
      (problem, optimizer) => {
        train(optimizer, problem, 1);
        expect(seen).toEqual({ momentum: 0.9, buffer: undefined });
        train(optimizer, problem, 1, 1);
        expect(seen!.buffer!.flat().some((value) => value !== 0)).toBe(true);
      },
    );
  });
}

/**
 * What every wrapper must do wherever it stands (alone, as the base of a sharpness-aware optimizer, around one), over
 * core's base optimizers and TensorFlow.js's, on both backends.
 */
export function describeWrapper(suite: WrapperSuite): void {
  describe.each([...backendNames])(`${suite.name} on %s`, (backend) => {
    beforeAll(() => useBackend(backend));
    describeSteps(suite);
    describeState(suite);
    describeForwarding(suite);
  });
  describeTfTrain(suite);
}
