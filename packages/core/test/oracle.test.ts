import * as tf from '@tensorflow/tfjs-core';
import {
  adamw,
  byObjective,
  chainFilters,
  type GradientOracle,
  makeOracle,
  type PerturbationFilter,
  type RuleStep,
  reportsArrived,
  type SharpnessRule,
  type StepReport,
  sgd,
  sharpnessAware,
  stepRecorder,
  twoPass,
} from '@tfjs-sam/core';
import { useBackend } from '@tfjs-sam/testing';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { restore, stateOf } from './training.js';

beforeAll(() => useBackend('cpu'));
afterEach(() => {
  vi.restoreAllMocks();
  tf.disposeVariables();
});

const numbers = (tensor: tf.Tensor | undefined) => tensor && [...tensor.dataSync()];
const vector = (...values: number[]) => tf.variable(tf.tensor1d(values));
const sumOfSquares = (x: tf.Tensor) => tf.sum(tf.square(x)) as tf.Scalar;

/** A plain gradient step that does something with its oracle first. */
const looking = (look: (oracle: GradientOracle) => unknown): SharpnessRule => ({
  name: 'looking',
  direction: (oracle) => {
    const own = look(oracle) as Partial<RuleStep> | undefined;
    const { loss, gradient } = oracle.evaluate();
    return { loss, direction: gradient, ...own };
  },
});
const plain = (rule: SharpnessRule, options = {}) =>
  sharpnessAware(sgd({ learningRate: 0.1 }), rule, options);

describe('an evaluation', () => {
  it.each([
    ['that donates frees the perturbation and the gradients at θ', { donate: true }, {}, true],
    ['that does not leaves them', {}, {}, false],
    ['leaves them for a report as well', { donate: true }, { onStep: () => {} }, false],
  ])('%s', (_, request, options, isFreed) => {
    const x = vector(3, 4);
    const gone: boolean[] = [];
    const rule = looking((oracle) => {
      const { gradient } = oracle.evaluate();
      const perturbation = [tf.mul(gradient[0]!, 0.1)];
      oracle.evaluate({ ...request, perturbation });
      gone.push(gradient[0]!.isDisposed, perturbation[0]!.isDisposed);
    });
    plain(rule, options).minimize(() => sumOfSquares(x), false, [x]);
    expect(gone).toEqual([isFreed, isFreed]);
    // The rule's last evaluation is at θ once more.
    expect(numbers(x)![0]).toBeCloseTo(3 - 0.6, 6);
  });

  it('at θ is made once, its value too, and once for each objective', () => {
    const x = vector(3);
    const calls: unknown[] = [];
    const losses = { ascent: () => tf.mul(2, sumOfSquares(x)), descent: () => sumOfSquares(x) };
    const oracle = makeOracle(
      (objective = 'descent') => {
        calls.push(objective);
        return losses[objective]() as tf.Scalar;
      },
      [x],
    );
    tf.tidy(() => {
      for (let i = 0; i < 2; i++) {
        expect([numbers(oracle.value()), numbers(oracle.evaluate().loss)]).toEqual([[9], [9]]);
        expect(numbers(oracle.evaluate({ objective: 'ascent' }).gradient[0])).toEqual([12]);
        expect(numbers(oracle.value({ objective: 'ascent' }))).toEqual([18]);
      }
      expect(calls).toEqual(['descent', 'ascent']);
      expect(numbers(oracle.value({ loss: () => tf.sum(x) as tf.Scalar }))).toEqual([3]);
      expect(numbers(oracle.value({ perturbation: [tf.tensor1d([1])] }))).toEqual([16]);
      expect(numbers(oracle.compute(() => tf.mul(x, 1), { perturbation: [tf.tensor1d([1])] }))).toEqual([4]);
      expect(numbers(x)).toEqual([3]);
    });
    oracle.dispose();
  });

  it('of several batches is their mean, of losses, values and gradients; what one does not reach is left out', () => {
    const [x, y] = [vector(3), vector(5)];
    const { numTensors } = tf.memory();
    const oracle = makeOracle(
      [() => sumOfSquares(x), () => tf.add(tf.sum(x), tf.sum(y)) as tf.Scalar],
      [x, y],
    );
    tf.tidy(() => {
      const { loss, gradient, losses } = oracle.evaluate();
      expect([numbers(loss), ...gradient.map(numbers)]).toEqual([[8.5], [3.5], [0.5]]);
      expect(losses).toBeUndefined();
      const perturbation = [tf.tensor1d([1]), tf.tensor1d([0])];
      expect(numbers(oracle.value({ perturbation }))).toEqual([12.5]);
      expect(numbers(oracle.evaluate({ perturbation }).gradient[0])).toEqual([4.5]);
    });
    oracle.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('tells the examples’ losses where all batches do, and takes their weights after that', () => {
    const x = vector(3);
    const losses =
      (...slopes: number[]) =>
      () =>
        tf.mul(x, tf.tensor1d(slopes)) as tf.Tensor1D;
    const seen: unknown[] = [];
    const weigh = (oracle: GradientOracle) => oracle.evaluate({ weights: tf.tensor1d([1, 0, 3]) });
    const rule = looking((oracle) => {
      expect(() => weigh(oracle)).toThrow('expected an evaluation without weights before one with them');
      seen.push(numbers(oracle.evaluate().losses), numbers(weigh(oracle).loss));
    });
    plain(rule).minimizeOver([losses(1, 2), losses(4)], { varList: [x] });
    // (1·3 + 3·12)/4 of losses of 3, 6 and 12.
    expect(seen).toEqual([[3, 6, 12], [9.75]]);
    const mixed = makeOracle([losses(1, 2), () => sumOfSquares(x)], [x]);
    expect(mixed.evaluate().losses).toBeUndefined();
    expect(() => mixed.losses()).toThrow(/exampleLoss/);
    mixed.dispose();
  });

  it('refuses kinks that nobody holds, and a state that is not of its variables', () => {
    const x = vector(3);
    const oracle = makeOracle(() => sumOfSquares(x), [x]);
    expect(() => oracle.evaluate({ perturbation: [x], kinks: 'frozen' as never })).toThrow(
      'makeOracle: expected kinks to be frozenKinks or left out, got "frozen"',
    );
    expect(() => oracle.state.set('both', [x, x])).toThrow('state "both": expected 1 tensors, got 2');
    oracle.dispose();
  });

  it('of a loss around it knows the step that it is given', () => {
    const x = vector(1);
    const oracle = makeOracle(() => sumOfSquares(x), [x], 12);
    expect([oracle.step, oracle.nextDraw(), oracle.nextDraw()]).toEqual([12, 0, 1]);
    expect(oracle.base).toMatchObject({ learningRate: Number.NaN, momentum: 0, weightDecay: 0 });
    expect([
      oracle.base.momentumBuffer([x]),
      oracle.base.firstMoment([x]),
      oracle.base.secondMoment([x]),
    ]).toEqual([undefined, undefined, undefined]);
    oracle.dispose();
  });
});

describe('micro-batches with perturbations of their own', () => {
  it('remember the mean or the first, read what was there before, and draw from numbers of their own', async () => {
    const x = vector(1);
    const draws: number[] = [];
    const read: unknown[] = [];
    const optimizer = plain({
      name: 'remembering',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate();
        draws.push(oracle.nextDraw(), oracle.nextDraw());
        read.push(numbers(oracle.state.get('mean')?.[0]), numbers(oracle.state.getTensor('alone')));
        oracle.state.set('mean', gradient);
        oracle.state.set('first', gradient, 'first');
        oracle.state.setTensor('alone', gradient[0]!);
        oracle.state.setTensor('alone-first', gradient[0]!, 'first');
        return { loss, direction: gradient, correction: [tf.mul(gradient[0]!, -1)] };
      },
    });
    const slopes = [1, 2, 6].map((slope) => () => tf.mul(slope, tf.sum(x)) as tf.Scalar);
    const cost = optimizer.minimizeOver(slopes, {
      varList: [x],
      sharpness: 'per-micro-batch',
      returnCost: true,
    });
    expect(numbers(cost!)).toEqual([3]);
    expect(draws).toEqual([0, 1, 65536, 65537, 131072, 131073]);
    expect(read).toEqual([undefined, undefined, undefined, undefined, undefined, undefined]);
    const saved = new Map((await stateOf(optimizer)).map(({ name, values }) => [name, values]));
    expect(saved.get(`rule/mean:${x.name}`)).toEqual([3]);
    expect(saved.get(`rule/first:${x.name}`)).toEqual([1]);
    expect(saved.get('rule/alone:(tensor)')).toEqual([3]);
    expect(saved.get('rule/alone-first:(tensor)')).toEqual([1]);
    // The mean slope, and the mean correction beside it.
    expect(numbers(x)![0]).toBeCloseTo(1 - 0.3 - 3, 5);
  });

  it('forget what one of them deletes and none sets', async () => {
    const x = vector(1);
    let step = 0;
    const rule = looking(({ state }) => {
      if (step > 0) state.delete('kept');
      if (step > 0) state.delete('gone');
      if (step === 0 || step++ === 1) state.set('kept', [tf.tensor1d([7])]);
      if (step === 0) state.set('gone', [tf.tensor1d([8])]);
    });
    const optimizer = plain(rule);
    const closures = [0, 1].map(() => () => sumOfSquares(x));
    const run = () => optimizer.minimizeOver(closures, { varList: [x], sharpness: 'per-micro-batch' });
    const names = async () =>
      (await stateOf(optimizer)).flatMap(({ name }) =>
        name.startsWith('rule/') ? [name.split(':')[0]] : [],
      );
    run();
    expect(await names()).toEqual(['rule/kept', 'rule/gone']);
    step = 1;
    run();
    expect(await names()).toEqual(['rule/kept']);
  });

  it.each<[string, () => Partial<RuleStep>]>([
    ['a correction that looks at the weights', () => ({ correction: (updated) => [...updated] })],
    ['updates of its own', () => ({ preceding: [[tf.tensor1d([1])]] })],
  ])('are refused for a rule with %s', (_, own) => {
    const x = vector(1);
    const optimizer = plain(looking(own));
    const over = (sharpness: 'per-micro-batch' | 'shared') =>
      optimizer.minimizeOver([() => sumOfSquares(x)], { varList: [x], sharpness });
    expect(() => over('per-micro-batch')).toThrow(
      'expected sharpness "shared" of a rule that moves the weights',
    );
    expect(numbers(x)).toEqual([1]);
    over('shared');
    expect(numbers(x)).not.toEqual([1]);
    expect(() => optimizer.computeGradients(() => sumOfSquares(x), [x])).toThrow(
      'looking: expected minimize, got computeGradients',
    );
  });

  it('are refused where there are none, of another name, and after an update', () => {
    const x = vector(1);
    const over = (rule: SharpnessRule, closures: (() => tf.Scalar)[], sharpness: string) => () =>
      plain(rule).minimizeOver(closures, { varList: [x], sharpness: sharpness as 'shared' });
    const rule = looking(() => {});
    expect(over(rule, [], 'shared')).toThrow('looking: expected at least one closure, got none');
    expect(over(rule, [() => sumOfSquares(x)], 'own')).toThrow('expected sharpness to be one of');
    expect(over({ ...rule, afterStep: () => {} }, [() => sumOfSquares(x)], 'per-micro-batch')).toThrow(
      'this rule evaluates after the update',
    );
  });
});

describe('what a rule remembers of a skipped step', () => {
  const skipping = (rule: SharpnessRule) => sharpnessAware(adamw(), rule, { onNonFinite: 'skip' });

  it.each(['minimize', 'computeGradients'] as const)(
    'is nothing, by %s: what it falls back on stands',
    (way) => {
      const x = vector(1);
      const seen: unknown[] = [];
      const rule = looking(({ state }) => {
        seen.push(numbers(state.committed('v')), numbers(state.recall('v', () => [tf.tensor1d([5])])[0]));
        seen.push(numbers(state.recallTensor('t', () => tf.scalar(6))));
        state.set('v', [tf.tensor1d([1])]);
        state.setTensor('t', tf.scalar(2));
        seen.push(numbers(state.committed('v')), numbers(state.recallTensor('t', () => tf.scalar(6))));
      });
      const optimizer = skipping(rule);
      const step = (factor: number) => {
        const loss = () => tf.mul(factor, sumOfSquares(x)) as tf.Scalar;
        if (way === 'minimize') optimizer.minimize(loss, false, [x]);
        else tf.dispose(optimizer.computeGradients(loss, [x]) as unknown as tf.TensorContainer);
      };
      const before = [[0], [5], [6], [1], [2]];
      const after = [[1], [1], [2], [1], [2]];
      for (const [factor, expected] of [
        [Number.NaN, before],
        [1, before],
        [Number.NaN, after],
        [1, after],
      ] as const) {
        seen.length = 0;
        step(factor);
        expect(seen).toEqual(expected);
      }
    },
  );

  it('is left out of a saved state, and what is not finite stays as it was', async () => {
    const x = vector(1);
    let value = 1;
    const rule = looking(({ state }) => void state.set('v', [tf.tensor1d([value])]));
    const saved = async (optimizer: tf.Optimizer) =>
      (await stateOf(optimizer)).flatMap(({ name, values }) => (name.startsWith('rule/v:') ? values : []));
    const optimizer = skipping(rule);
    const step = (factor: number) =>
      optimizer.minimize(() => tf.mul(factor, sumOfSquares(x)) as tf.Scalar, false, [x]);
    step(Number.NaN);
    expect(await saved(optimizer)).toEqual([]);
    step(1);
    expect(await saved(optimizer)).toEqual([1]);
    value = Number.NaN;
    step(1);
    expect(await saved(optimizer)).toEqual([1]);
  });

  it('is known variable by variable, also of a restored state, and frees its marks', async () => {
    const [a, b] = [vector(1), vector(2)];
    let seen: unknown[] = [];
    const look: { deletes: boolean } = { deletes: false };
    const rule = looking(({ state, variables }) => {
      const recalled = state.recall('v', () => variables.map(() => tf.tensor1d([-1])));
      seen = [numbers(state.committed('v')), ...recalled.map(numbers)];
      if (look.deletes) state.delete('v');
      else state.set('v', [...variables]);
    });
    const step = (optimizer: tf.Optimizer, factor: number, ...variables: tf.Variable[]) => {
      optimizer.minimize(
        () => tf.mul(factor, tf.addN(variables.map((x) => sumOfSquares(x)))) as tf.Scalar,
        false,
        variables,
      );
      return seen;
    };
    const make = () => sharpnessAware(sgd({ learningRate: 0 }), rule, { onNonFinite: 'skip' });
    const optimizer = make();
    expect(step(optimizer, 1, a)).toEqual([[0], [-1]]);
    expect(step(optimizer, Number.NaN, a, b)).toEqual([[1], [1], [-1]]);
    expect(step(optimizer, 1, b)).toEqual([[0], [-1]]);
    expect(step(optimizer, Number.NaN, a, b)).toEqual([[1], [1], [2]]);
    const state = await stateOf(optimizer);
    const resumed = make();
    await restore(resumed, state);
    expect(step(resumed, 1, a, b)).toEqual([[1], [1], [2]]);
    resumed.dispose();
    look.deletes = true;
    const { numTensors } = tf.memory();
    step(optimizer, 1, a, b);
    // Two slots, and a mark of each.
    expect(tf.memory().numTensors).toBe(numTensors - 4);
    look.deletes = false;
    expect(step(optimizer, 1, a, b)).toEqual([[0], [-1], [-1]]);
    optimizer.dispose();
  });
});

describe('a chain of filters', () => {
  /** Uses all of a rule's memory: what it is given, what it was given before, and how often. */
  const remembering = (factor: number, seen: unknown[][]): PerturbationFilter => ({
    apply: (perturbation, _gradient, { state }) => {
      seen.push([
        numbers(state.get('last')?.[0]),
        numbers(state.getEach('last')[0]),
        numbers(state.recall('last', () => perturbation)[0]),
        numbers(state.committed('last')),
        numbers(state.getTensor('count')),
        numbers(state.recallTensor('count', () => tf.scalar(-1))),
        numbers(state.get('odd')?.[0]),
      ]);
      const count = state.getTensor('count');
      state.set('last', perturbation);
      state.setTensor('count', count ? tf.add(count, factor) : tf.scalar(factor), 'first');
      if (state.get('odd')) state.delete('odd');
      else state.set('odd', perturbation, 'first');
      return perturbation.map((tensor) => tf.mul(tensor, factor));
    },
  });
  const run = async (filterOf: (seen: unknown[][]) => PerturbationFilter) => {
    const x = vector(3, 4);
    const seen: unknown[][] = [];
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), { rho: 1, filter: filterOf(seen) });
    for (let i = 0; i < 3; i++) optimizer.minimize(() => sumOfSquares(x), false, [x]);
    const state = (await stateOf(optimizer)).filter(({ name }) => name.startsWith('rule/'));
    return { seen, state: state.map(({ name, values }) => [name.split(':')[0], ...values]), x: numbers(x) };
  };

  it('gives each a memory of its own, as if it were alone', async () => {
    const alone = await run((seen) => remembering(0.5, seen));
    const chained = await run((seen) => chainFilters(remembering(0.5, seen)));
    expect(chained.seen).toEqual(alone.seen);
    expect(chained.x).toEqual(alone.x);
    expect(chained.state).toEqual(
      alone.state.map(([name, ...rest]) => [`${name}`.replace('/', '/filter0.'), ...rest]),
    );
    expect(alone.seen[1]![4]).toEqual([0.5]);
    const both = await run((seen) => chainFilters(remembering(0.5, []), remembering(2, seen)));
    expect(both.state.map(([name]) => name).sort()).toEqual(
      ['0.count', '0.last', '0.odd', '1.count', '1.last', '1.odd'].map((name) => `rule/filter${name}`),
    );
    expect(both.seen[2]![4]).toEqual([4]);
  });
});

describe('reports', () => {
  const report = async (rule: SharpnessRule, loss: (x: tf.Variable) => tf.Scalar) => {
    const x = vector(3, 4);
    const reports: StepReport[] = [];
    const optimizer = plain(rule, { onStep: (each: StepReport) => void reports.push(each), reportEvery: 2 });
    const { numTensors } = tf.memory();
    for (let i = 0; i < 3; i++) {
      optimizer.minimize(() => loss(x), false, [x]);
      tf.tidy(() => x.assign(tf.tensor1d([3, 4])));
    }
    await reportsArrived();
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(reports.map(({ step }) => step)).toEqual([0, 2]);
    return reports[0]!;
  };

  it('are of every second step, of what the first two passes found', async () => {
    const rule = twoPass({ perturb: () => [tf.tensor1d([0, 1])] });
    const found = await report(rule, (x) => sumOfSquares(x));
    // Gradients (6, 8) and (6, 10).
    const want = { loss: 25, perturbedLoss: 34, surrogateGap: 9, gradientNorm: 10, perturbationNorm: 1 };
    for (const [key, value] of Object.entries(want)) expect(found[key as 'loss']).toBeCloseTo(value, 4);
    expect(found.cosine).toBeCloseTo((36 + 80) / (10 * Math.hypot(6, 10)), 5);
    expect(found.isActive).toBe(true);
  });

  it('have no numbers for what was not computed', async () => {
    const one = await report(
      looking(() => ({ active: false })),
      (x) => sumOfSquares(x),
    );
    expect(one).toMatchObject({
      loss: 25,
      perturbedLoss: Number.NaN,
      surrogateGap: Number.NaN,
      isActive: false,
    });
    expect(one).toMatchObject({ perturbationNorm: Number.NaN, cosine: Number.NaN });
    expect(one.gradientNorm).toBeCloseTo(10, 5);
    const climbing = twoPass({ objective: 'ascent', perturb: () => [tf.tensor1d([0, 1])] });
    const loss = (x: tf.Variable) =>
      byObjective({ ascent: () => tf.sum(x) as tf.Scalar, descent: () => sumOfSquares(x) });
    const other = await report(climbing, (x) => loss(x)());
    expect(other).toMatchObject({ loss: Number.NaN, isActive: true });
    expect(other.perturbedLoss).toBeCloseTo(34, 4);
    expect(other.gradientNorm).toBeCloseTo(Math.SQRT2, 5);
  });

  it('are averaged over each epoch, of which there may be none', async () => {
    const { reports, onStep, callbacks } = stepRecorder();
    const of = (step: number, cosine: number, isActive: boolean) =>
      ({
        step,
        cosine,
        isActive,
        perturbedLoss: 1,
        surrogateGap: 2,
        gradientNorm: 3,
        perturbationNorm: 4,
      }) as StepReport;
    for (const each of [of(0, 1, true), of(1, 0, false), of(2, 0.5, true)]) onStep(each);
    const logs: Record<string, unknown> = { loss: 5 };
    await callbacks.onEpochEnd(0, logs);
    expect(logs).toEqual({
      ...{ loss: 5, perturbedLoss: 1, surrogateGap: 2, gradientNorm: 3, perturbationNorm: 4, cosine: 0.5 },
      isActive: expect.closeTo(2 / 3, 9),
    });
    onStep(of(3, -1, true));
    await callbacks.onEpochEnd(1, logs);
    expect(logs).toMatchObject({ cosine: -1, isActive: 1 });
    await callbacks.onEpochEnd(2, logs);
    expect(logs.cosine).toBeNaN();
    expect(reports).toHaveLength(4);
  });
});

describe('a look at the loss', () => {
  const warnings = (
    rule: SharpnessRule,
    losses: readonly ((x: tf.Variable) => () => tf.Scalar)[],
    options = {},
  ) => {
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    warn.mockClear();
    const x = vector(3, 4);
    const optimizer = plain(rule, options);
    for (let i = 0; i < 2; i++)
      optimizer.minimizeOver(
        losses.map((loss) => loss(x)),
        { varList: [x] },
      );
    return warn.mock.calls.map(([text]) => String(text));
  };
  const climbing = (objective: 'ascent' | 'descent') =>
    twoPass({ name: 'climbing', objective, perturb: () => [tf.tensor1d([0, 1])] });
  const square = (x: tf.Variable) => () => sumOfSquares(x);

  it('warns once of a loss that has one objective for two', () => {
    expect(warnings(climbing('ascent'), [square])).toEqual([
      expect.stringContaining(
        'climbing: the loss computes the same for the ascent and for the descent objective',
      ),
    ]);
    const both = (x: tf.Variable) =>
      byObjective({ ascent: () => tf.sum(x) as tf.Scalar, descent: () => sumOfSquares(x) });
    expect(warnings(climbing('ascent'), [both])).toEqual([]);
  });

  it('compares each micro-batch with itself, where it is wanted', () => {
    const scaled = (x: tf.Variable) => () => tf.mul(2, sumOfSquares(x)) as tf.Scalar;
    expect(warnings(climbing('descent'), [square, scaled])).toEqual([]);
    let calls = 0;
    const drawing = (x: tf.Variable) => () => tf.mul(++calls, sumOfSquares(x)) as tf.Scalar;
    expect(warnings(climbing('descent'), [square, square, drawing], { checkLoss: false })).toEqual([]);
    expect(warnings(climbing('descent'), [drawing])).toHaveLength(1);
  });
});

describe('what is given to a step', () => {
  it.each<[unknown, string]>([
    [undefined, 'got undefined: does it return?'],
    [3, 'got 3'],
    ['gone', 'got a tensor that is disposed. Return it from a tf.tidy, not out of one.'],
    ['int32', 'got one of dtype int32, which has no gradient. tf.cast it.'],
    ['matrix', 'got a tensor of shape [1,2]. Take its tf.mean or tf.sum.'],
  ])('as the result %s of a loss is refused', (kind, message) => {
    const x = vector(1);
    const results: Record<string, () => tf.Tensor> = {
      gone: () => {
        const tensor = tf.scalar(1);
        tensor.dispose();
        return tensor;
      },
      int32: () => tf.cast(tf.sum(x), 'int32'),
      matrix: () => tf.mul(x, [[1, 2]]),
    };
    const loss = () => (results[kind as string]?.() ?? kind) as tf.Scalar;
    const { numTensors } = tf.memory();
    expect(() => plain(looking(() => {})).minimize(loss, false, [x])).toThrow(
      `looking: expected the loss to return a float32 Scalar, ${message}`,
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('as variables is none, gone, of a layer, or of no kind that has a gradient', () => {
    const [x, gone] = [vector(1), vector(2)];
    gone.dispose();
    const [frozen, count] = tf.tidy(() => [
      tf.variable(tf.scalar(1), false),
      tf.variable(tf.scalar(1, 'int32')),
    ]);
    const cases: [unknown, string][] = [
      [3, 'looking: expected varList to be tf.Variables in an array or a Set, got number'],
      [[x, gone], `looking: expected varList[1], "${gone.name}", to exist, but it is disposed`],
      [
        [{ read: () => x }],
        'expected varList[0] to be a tf.Variable, got a weight of a layer: give its read()',
      ],
      [[x, null], 'expected varList[1] to be a tf.Variable, got null'],
      [[frozen, count], 'got none among the 2 of varList (trainable and float32)'],
    ];
    const optimizer = plain(looking(() => {}));
    for (const [list, message] of cases)
      expect(() => optimizer.minimize(() => sumOfSquares(x), false, list as never)).toThrow(message);
    x.dispose();
    expect(() => optimizer.minimize(() => tf.scalar(1))).toThrow(
      'got none: make a float32 one by tf.variable',
    );
  });

  it('as a fault of the loss itself comes out as it is', () => {
    const x = vector(1);
    const fault = new Error('no such file');
    let calls = 0;
    const loss = () => {
      if (++calls === 2) throw fault;
      return sumOfSquares(x);
    };
    const optimizer = plain(twoPass({ perturb: (gradient) => gradient }));
    let caught: unknown;
    try {
      optimizer.minimize(loss, false, [x]);
    } catch (error) {
      caught = error;
    }
    expect(caught).toBe(fault);
  });
});

describe('counts and rates', () => {
  it('a restored memory that a rule reads first is bound once, where names have shifted', async () => {
    const named = (from: number) =>
      [0, 1, 2].map((i) => tf.tidy(() => tf.variable(tf.tensor1d([i]), true, `shifted/${from + i}`)));
    const seen: unknown[] = [];
    // Set once: what a second binding mixes up no later step puts right.
    const rule = looking(({ state, variables }) => {
      const known = state.get('v');
      seen.push(known?.flatMap((tensor) => [...tensor.dataSync()]));
      if (!known) state.set('v', [...variables]);
    });
    const step = (optimizer: tf.Optimizer, variables: tf.Variable[]) =>
      optimizer.minimize(() => tf.addN(variables.map((x) => sumOfSquares(x))) as tf.Scalar, false, variables);
    const old = named(2);
    const first = plain(rule);
    step(first, old);
    const state = await stateOf(first);
    for (const thing of [first, ...old]) thing.dispose();
    const now = named(1);
    const resumed = plain(rule);
    await restore(resumed, state);
    for (let i = 0; i < 3; i++) step(resumed, now);
    expect(seen).toEqual([undefined, [0, 1, 2], [0, 1, 2], [0, 1, 2]]);
  });

  it('a state restored into an optimizer goes on from its count, for variables that are known and that are not', async () => {
    const [x, y] = [vector(1), vector(1)];
    const steps: number[] = [];
    const rho = (step: number) => {
      steps.push(step);
      return 0.1;
    };
    const make = () => sharpnessAware(sgd({ learningRate: 0.1 }), { rho });
    const first = make();
    for (let i = 0; i < 3; i++) first.minimize(() => sumOfSquares(x), false, [x]);
    const resumed = make();
    await restore(resumed, await stateOf(first));
    for (const variable of [x, y, x]) resumed.minimize(() => sumOfSquares(variable), false, [variable]);
    expect(steps).toEqual([0, 1, 2, 3, 3, 4]);
  });
});
