import * as tf from '@tensorflow/tfjs';
import {
  adamw,
  type GradientOracle,
  type StepReport,
  sgd,
  sharpnessAware,
  stepRecorder,
} from '@tfjs-sam/core';
import { backendNames, toyProblem, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

const largest = (a: readonly number[], b: readonly number[]) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

describe.each([...backendNames])('per-group options on %s', (backend) => {
  beforeAll(() => useBackend(backend));
  const isBias = ({ name }: { name: string }) => /weight[bd]$/.test(name);

  function stepOf(optimizerOf: () => tf.Optimizer, steps = 1) {
    const problem = toyProblem();
    const optimizer = optimizerOf();
    const before = problem.values();
    for (let i = 0; i < steps; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
    const after = problem.values();
    optimizer.dispose();
    problem.dispose();
    return {
      before,
      after,
      moves: after.map((values, i) => values.map((value, j) => value - before[i]![j]!)),
    };
  }

  it('spend the whole radius on the variables that are perturbed', async () => {
    const reports: StepReport[] = [];
    const problem = toyProblem();
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), {
      rho: 0.3,
      groups: [{ match: isBias, rho: 0 }],
      onStep: (report) => reports.push(report),
    });
    const seen: number[][][] = [];
    const loss = () => {
      seen.push(problem.values());
      return problem.loss(0);
    };
    optimizer.minimize(loss, false, problem.variables);
    await new Promise((resolve) => setTimeout(resolve, 10));
    const [at, moved] = seen as [number[][], number[][]];
    expect([moved[1], moved[3]]).toEqual([at[1], at[3]]);
    expect(moved[0]).not.toEqual(at[0]);
    expect(reports[0]!.perturbationNorm).toBeCloseTo(0.3, 6);
    optimizer.dispose();
    problem.dispose();
  });

  it('stretch the ball: twice the radius everywhere is twice the radius', () => {
    const grouped = stepOf(() =>
      sharpnessAware(sgd({ learningRate: 0.1 }), { rho: 0.1, groups: [{ match: () => true, rho: 2 }] }),
    );
    const plain = stepOf(() => sharpnessAware(sgd({ learningRate: 0.1 }), { rho: 0.2 }));
    expect(largest(grouped.after.flat(), plain.after.flat())).toBeLessThan(1e-6);
  });

  it('scale the update, also of an optimizer that rescales its gradient', () => {
    const factor = 0.25;
    const options = { rho: 0.1 };
    const groups = [{ match: isBias, learningRate: factor }];
    for (const base of [
      () => sgd({ learningRate: 0.1 }),
      () => adamw({ learningRate: 0.1 }),
      () => tf.train.adam(0.1),
    ]) {
      const plain = stepOf(() => sharpnessAware(base(), options));
      const grouped = stepOf(() => sharpnessAware(base(), { ...options, groups }));
      expect(grouped.after[0]).toEqual(plain.after[0]);
      expect(
        largest(
          grouped.moves[1]!,
          plain.moves[1]!.map((move) => factor * move),
        ),
      ).toBeLessThan(1e-6);
    }
  });

  it('freeze with factor 0, bit for bit', () => {
    const { before, after } = stepOf(
      () => sharpnessAware(adamw({ learningRate: 0.1 }), { groups: [{ match: isBias, learningRate: 0 }] }),
      3,
    );
    expect([after[1], after[3]]).toEqual([before[1], before[3]]);
    expect(after[0]).not.toEqual(before[0]);
  });

  it('decay weights beside the update', () => {
    const groups = [{ match: (variable: tf.Variable) => !isBias(variable), weightDecay: 0.5 }];
    const plain = stepOf(() => sharpnessAware(sgd({ learningRate: 0.1 })));
    const decayed = stepOf(() => sharpnessAware(sgd({ learningRate: 0.1 }), { groups }));
    expect(decayed.after[1]).toEqual(plain.after[1]);
    const expected = plain.after[0]!.map((value, i) => value - 0.1 * 0.5 * plain.before[0]![i]!);
    expect(largest(decayed.after[0]!, expected)).toBeLessThan(1e-6);
  });

  it.each([
    [[{ match: 3 as never }], 'expected groups[0].match to be a string or a function (variable) => boolean'],
    [[{ match: '(bias' }], 'expected groups[0].match to be a regular expression, got "(bias"'],
    [[{ match: 'bias', roh: 0 } as never], 'expected an option of groups[0] of [match, rho, '],
    [[{ match: () => true, rho: -1 }], 'expected groups[0].rho to be a finite number >= 0, got -1'],
  ])('are checked at the door', (groups, message) => {
    expect(() => sharpnessAware(sgd({ learningRate: 1 }), { groups })).toThrow(message);
  });
});

describe.each([...backendNames])('minimizeOver on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('with a shared perturbation is the step of one large batch', () => {
    const [one, many] = [toyProblem(), toyProblem()];
    const [a, b] = [sharpnessAware(sgd({ learningRate: 0.1 })), sharpnessAware(sgd({ learningRate: 0.1 }))];
    const whole = () => tf.div(tf.addN([0, 1, 2].map((i) => one.loss(i))), 3) as tf.Scalar;
    for (let step = 0; step < 3; step++) {
      const loss = a.minimize(whole, true, one.variables)!;
      const mean = b.minimizeOver(
        [0, 1, 2].map((i) => () => many.loss(i)),
        {
          sharpness: 'shared',
          returnCost: true,
          varList: many.variables,
        },
      )!;
      expect(mean.dataSync()[0]).toBeCloseTo(loss.dataSync()[0]!, 5);
      tf.dispose([loss, mean]);
    }
    // Three steps of 0.1 with sums in another order.
    expect(largest(many.values().flat(), one.values().flat())).toBeLessThan(1e-6);
    for (const thing of [a, b, one, many]) thing.dispose();
  });

  it('per micro-batch averages the directions of the micro-batches', () => {
    const [one, many] = [toyProblem(), toyProblem()];
    const [a, b] = [sharpnessAware(sgd({ learningRate: 0.1 })), sharpnessAware(sgd({ learningRate: 0.1 }))];
    tf.tidy(() => {
      const parts = [0, 1].map((i) => a.computeGradients(() => one.loss(i), one.variables).grads);
      const mean = one.variables.map(({ name }) => ({
        name,
        tensor: tf.div(tf.add(parts[0]![name]!, parts[1]![name]!), 2) as tf.Tensor,
      }));
      a.applyGradients(mean);
    });
    b.minimizeOver(
      [0, 1].map((i) => () => many.loss(i)),
      { sharpness: 'per-micro-batch', varList: many.variables },
    );
    expect(largest(many.values().flat(), one.values().flat())).toBeLessThan(1e-7);
    expect(b.iterations).toBe(1);
    for (const thing of [a, b, one, many]) thing.dispose();
  });

  it.each(['shared', 'per-micro-batch'] as const)(
    '%s: leaks nothing, and its memory is one micro-batch’s',
    (sharpness) => {
      const weights = tf.variable(tf.randomNormal([64, 64], 0, 0.1, 'float32', 1));
      const x = tf.randomNormal([256, 64], 0, 1, 'float32', 2) as tf.Tensor2D;
      let peak = 0;
      const loss = () => {
        let hidden: tf.Tensor2D = x;
        for (let layer = 0; layer < 6; layer++)
          hidden = tf.tanh(tf.matMul(hidden, weights as unknown as tf.Tensor2D)) as tf.Tensor2D;
        peak = Math.max(peak, tf.memory().numBytes);
        return tf.mean(tf.square(hidden)) as tf.Scalar;
      };
      const optimizer = sharpnessAware(sgd({ learningRate: 0.01 }));
      const peakOf = (count: number) => {
        peak = 0;
        optimizer.minimizeOver(
          Array.from({ length: count }, () => loss),
          { sharpness, varList: [weights] },
        );
        return peak - tf.memory().numBytes;
      };
      peakOf(1);
      const { numTensors, numBytes } = tf.memory();
      const [single, eight] = [peakOf(1), peakOf(8)];
      expect(tf.memory()).toMatchObject({ numTensors, numBytes });
      // Eight micro-batches may add vectors of the weights' size (sums), never activations of the batch's.
      expect(eight - single).toBeLessThanOrEqual(4 * weights.size * 4);
      expect(single).toBeGreaterThan(12 * x.size * 4);
      tf.dispose([weights, x]);
      optimizer.dispose();
    },
  );

  it('undoes the step when a later micro-batch throws', () => {
    const problem = toyProblem();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1, momentum: 0.9 }));
    const step = (fails: boolean) => {
      const closures = [0, 1].map((i) => () => {
        if (fails && i === 1) throw new Error('no data');
        return problem.loss(i);
      });
      optimizer.minimizeOver(closures, { sharpness: 'per-micro-batch', varList: problem.variables });
    };
    step(false);
    const before = { values: problem.values(), ...tf.memory() };
    expect(() => step(true)).toThrow('no data');
    expect(problem.values()).toEqual(before.values);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    optimizer.dispose();
    problem.dispose();
  });

  it('refuses several perturbations for a rule that moves the weights itself', () => {
    const w = tf.variable(tf.tensor1d([1, 2]));
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), {
      name: 'moving',
      direction: (oracle) => {
        const { loss, gradient } = oracle.evaluate();
        return { loss, direction: gradient, preceding: [gradient] };
      },
    });
    const loss = () => tf.sum(tf.square(w)) as tf.Scalar;
    const step = () => optimizer.minimizeOver([loss, loss], { sharpness: 'per-micro-batch', varList: [w] });
    expect(step).toThrow('minimizeOver: expected sharpness "shared" of a rule that moves the weights itself');
    expect([...w.dataSync()]).toEqual([1, 2]);
    tf.dispose(w);
    optimizer.dispose();
  });

  it('says what it accepts', () => {
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }));
    expect(() => optimizer.minimizeOver([])).toThrow('expected at least one closure, got none');
    expect(() => optimizer.minimizeOver([() => tf.scalar(0)], { sharpness: 'each' as never })).toThrow(
      'expected sharpness to be one of [shared, per-micro-batch], got "each"',
    );
    optimizer.dispose();
  });
});

describe.each([...backendNames])('random numbers of the loss on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  function losses(options: { randomSeed?: number; freshDraws?: boolean }, steps = 3): number[][] {
    const weight = tf.variable(tf.ones([200]));
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { rho: 0, ...options });
    const seen: number[][] = [];
    for (let step = 0; step < steps; step++) {
      const values: number[] = [];
      optimizer.minimize(
        () => {
          const loss = tf.sum(tf.dropout(weight, 0.5)) as tf.Scalar;
          values.push(loss.dataSync()[0]!);
          return loss;
        },
        false,
        [weight],
      );
      seen.push(values);
    }
    weight.dispose();
    optimizer.dispose();
    return seen;
  }

  it('are the same in both passes by default, and differ from step to step', () => {
    const run = losses({}, 8);
    expect(run.every(([first, second]) => first === second)).toBe(true);
    expect(new Set(run.map(([first]) => first)).size).toBeGreaterThan(1);
  });

  it('are drawn afresh by each pass where that is asked for', () => {
    // Two dropout masks of 200 entries sum to the same only by chance (about 4 % a step): never in all of 8 steps.
    expect(losses({ freshDraws: true }, 8).some(([first, second]) => first !== second)).toBe(true);
  });

  it('are the same in both passes with a seed, differ from step to step, and repeat', () => {
    const run = losses({ randomSeed: 7 }, 8);
    expect(run.every(([first, second]) => first === second)).toBe(true);
    expect(new Set(run.map(([first]) => first)).size).toBeGreaterThan(1);
    expect(losses({ randomSeed: 7 }, 8)).toEqual(run);
  });

  it.each([
    ['dropout', () => tf.layers.dropout({ rate: 0.5 })],
    ['Gaussian noise', () => tf.layers.gaussianNoise({ stddev: 1 })],
  ])(
    'of a layer of %s are the same in both passes of model.fit, and differ where that is asked for',
    async (_, layer) => {
      /** The losses of the passes of each step, at a radius of zero: other masks alone make them differ. */
      const passes = async (draws: { randomSeed?: number; freshDraws?: boolean }) => {
        const model = tf.sequential({
          layers: [
            tf.layers.dense({ units: 40, inputShape: [4], kernelInitializer: 'ones' }),
            layer(),
            tf.layers.dense({ units: 1, kernelInitializer: 'ones' }),
          ],
        });
        const reports: StepReport[] = [];
        const onStep = (report: StepReport) => void reports.push(report);
        const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { rho: 0, ...draws, onStep });
        model.compile({ optimizer, loss: 'meanSquaredError' });
        const [x, y] = [tf.ones([8, 4]), tf.ones([8, 1])];
        await model.fit(x, y, { epochs: 4, verbose: 0 });
        tf.dispose([x, y]);
        model.dispose();
        optimizer.dispose();
        return reports;
      };
      const seeded = await passes({ randomSeed: 3 });
      expect(seeded.map(({ surrogateGap }) => surrogateGap)).toEqual([0, 0, 0, 0]);
      expect(new Set(seeded.map(({ loss }) => loss)).size).toBe(4);
      // Two draws of 320 numbers that give one loss: never in all of four steps.
      expect((await passes({ freshDraws: true })).some(({ surrogateGap }) => surrogateGap !== 0)).toBe(true);
    },
  );

  it('leave Math.random as it was, also when the closure throws', () => {
    const { random } = Math;
    const weight = tf.variable(tf.scalar(1));
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { randomSeed: 1 });
    const failing = () => {
      throw new Error('no');
    };
    expect(() => optimizer.minimize(failing, false, [weight])).toThrow('no');
    expect(Math.random).toBe(random);
    weight.dispose();
    optimizer.dispose();
  });
});

describe.each([...backendNames])('observing on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('reports what the step saw, at the interval, after the step, and leaks nothing', async () => {
    const problem = toyProblem();
    const recorder = stepRecorder();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.05 }), {
      rho: 0.1,
      onStep: recorder.onStep,
      reportEvery: 2,
    });
    const seen: number[] = [];
    const loss = () => {
      const value = problem.loss(0);
      seen.push(value.dataSync()[0]!);
      return value;
    };
    optimizer.minimize(loss, false, problem.variables);
    const { numTensors } = tf.memory();
    expect(recorder.reports).toHaveLength(0);
    for (let i = 0; i < 4; i++) optimizer.minimize(loss, false, problem.variables);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // The first step's five numbers were still in flight when the tensors were counted.
    expect(tf.memory().numTensors).toBe(numTensors - 1);
    expect(recorder.reports.map(({ step }) => step)).toEqual([0, 2, 4]);
    for (const [i, report] of recorder.reports.entries()) {
      expect(report.loss).toBeCloseTo(seen[4 * i]!, 6);
      expect(report.perturbedLoss).toBeCloseTo(seen[4 * i + 1]!, 6);
      expect(report.surrogateGap).toBeCloseTo(seen[4 * i + 1]! - seen[4 * i]!, 6);
      expect(report.surrogateGap).toBeGreaterThan(0);
      expect(report.perturbationNorm).toBeCloseTo(0.1, 6);
      expect(report.gradientNorm).toBeGreaterThan(0);
      expect(Math.abs(report.cosine)).toBeLessThanOrEqual(1 + 1e-6);
    }
    optimizer.dispose();
    problem.dispose();
  });

  it('puts the means of an epoch into the History of model.fit', async () => {
    const recorder = stepRecorder();
    const model = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [3] })] });
    model.compile({
      optimizer: sharpnessAware(sgd({ learningRate: 0.01 }), { onStep: recorder.onStep }),
      loss: 'meanSquaredError',
    });
    const [x, y] = [
      tf.randomNormal([12, 3], 0, 1, 'float32', 1),
      tf.randomNormal([12, 1], 0, 1, 'float32', 2),
    ];
    const { history } = await model.fit(x, y, {
      epochs: 3,
      batchSize: 4,
      verbose: 0,
      callbacks: recorder.callbacks,
    });
    expect(recorder.reports).toHaveLength(9);
    const norms = history.gradientNorm as number[];
    expect(norms).toHaveLength(3);
    const mean = recorder.reports.slice(3, 6).reduce((sum, { gradientNorm }) => sum + gradientNorm, 0) / 3;
    expect(norms[1]).toBeCloseTo(mean, 6);
    expect((history.perturbationNorm as number[]).every((value) => Math.abs(value - 0.05) < 1e-6)).toBe(true);
    tf.dispose([x, y]);
    model.dispose();
  });

  it('reports numbers that a step lacks as NaN', async () => {
    const reports: StepReport[] = [];
    const weight = tf.variable(tf.scalar(2));
    const firstPassOnly = {
      name: 'plain',
      direction: (oracle: GradientOracle) => {
        const { loss, gradient } = oracle.evaluate();
        return { loss, direction: gradient };
      },
    };
    const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), firstPassOnly, {
      onStep: (report) => reports.push(report),
    });
    optimizer.minimize(() => tf.square(weight) as tf.Scalar, false, [weight]);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(reports[0]).toMatchObject({
      step: 0,
      loss: 4,
      gradientNorm: 4,
      perturbedLoss: Number.NaN,
      cosine: Number.NaN,
    });
    weight.dispose();
    optimizer.dispose();
  });
});
