import * as tf from '@tensorflow/tfjs';
import {
  byObjective,
  compose,
  currentObjective,
  materialise,
  mongeMetric,
  type Objective,
  type SharpnessRule,
  sgd,
  sharpnessAware,
  twoPass,
} from '@tfjs-sam/core';
import { backendNames, toyProblem, useBackend } from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

const base = (learningRate = 0.05) => sgd({ learningRate, momentum: 0.9 });

/** A rule that records where the second evaluation happened. */
function recording(rule: SharpnessRule, norms: number[]): SharpnessRule {
  return {
    name: 'recording',
    direction: (oracle) =>
      rule.direction({
        ...oracle,
        variables: oracle.variables,
        step: oracle.step,
        state: oracle.state,
        base: oracle.base,
        evaluate: (request) => {
          if (request?.perturbation) {
            const squares = materialise(request.perturbation).map((tensor) =>
              [...tensor.dataSync()].reduce((sum, x) => sum + x * x, 0),
            );
            norms.push(Math.sqrt(squares.reduce((sum, x) => sum + x, 0)));
          }
          return oracle.evaluate(request);
        },
        value: (request) => oracle.value(request),
      }),
  };
}

describe.each([...backendNames])('SharpnessAwareOptimizer on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it('perturbs by rho, by nothing where the gradient is zero, NaN or infinite', () => {
    const problem = toyProblem();
    const norms: number[] = [];
    const optimizer = sharpnessAware(base(0), recording(compose({ rho: 0.3 }), norms));
    for (const factor of [1, 0, Number.NaN, Number.POSITIVE_INFINITY]) {
      optimizer.minimize(() => tf.mul(problem.loss(0), factor) as tf.Scalar, false, problem.variables);
    }
    // One rounding per entry and one of the norm.
    expect(norms[0]).toBeCloseTo(0.3, 6);
    expect(norms.slice(1)).toEqual([0, 0, 0]);
    optimizer.dispose();
    problem.dispose();
  });

  it.each([1e25, 1e-25])('perturbs by rho also where the gradient is of size %s', (size) => {
    const problem = toyProblem();
    const norms: number[] = [];
    const optimizer = sharpnessAware(base(0), recording(compose({ rho: 0.3 }), norms));
    optimizer.minimize(() => tf.mul(problem.loss(0), size) as tf.Scalar, false, problem.variables);
    expect(norms[0]).toBeCloseTo(0.3, 5);
    optimizer.dispose();
    problem.dispose();
  });

  it('gives computeGradients the direction that minimize takes', () => {
    const [one, two] = [toyProblem(), toyProblem()];
    const [a, b] = [sharpnessAware(base()), sharpnessAware(base())];
    for (let i = 0; i < 3; i++) {
      a.minimize(() => one.loss(i), false, one.variables);
      const { value, grads } = b.computeGradients(() => two.loss(i), two.variables);
      expect(Object.keys(grads)).toEqual(two.variables.map(({ name }) => name));
      b.applyGradients(grads);
      tf.dispose([value, grads]);
    }
    expect(two.values()).toEqual(one.values());
    expect(b.iterations).toBe(3);
    for (const thing of [a, b, one, two]) thing.dispose();
  });

  it('lets gradients be accumulated and clipped around it', () => {
    const problem = toyProblem();
    const optimizer = sharpnessAware(sgd({ learningRate: 1 }));
    const before = problem.values().flat();
    tf.tidy(() => {
      const parts = [0, 1].map(
        (i) => optimizer.computeGradients(() => problem.loss(i), problem.variables).grads,
      );
      const clipped = Object.fromEntries(
        Object.keys(parts[0]!).map((name) => [
          name,
          tf.clipByValue(tf.div(tf.add(parts[0]![name]!, parts[1]![name]!), 2), -0.01, 0.01),
        ]),
      );
      optimizer.applyGradients(clipped);
    });
    const moves = problem
      .values()
      .flat()
      .map((value, i) => Math.abs(value - before[i]!));
    // 0.01 plus the rounding of a weight below 2.
    expect(Math.max(...moves)).toBeLessThan(0.01 + 2 ** -22);
    expect(Math.max(...moves)).toBeGreaterThan(0.009);
    expect(optimizer.iterations).toBe(1);
    optimizer.dispose();
    problem.dispose();
  });

  it('trains every variable that the loss reaches when no list is given, and no other', () => {
    const problem = toyProblem();
    const [other, otherFrozen] = [tf.variable(tf.ones([2])), tf.variable(tf.ones([2]), false)];
    const optimizer = sharpnessAware(base());
    const before = problem.values();
    optimizer.minimize(() => tf.add(problem.loss(0), tf.sum(otherFrozen)) as tf.Scalar);
    expect(problem.values().every((values, i) => values.some((value, j) => value !== before[i]![j]))).toBe(
      true,
    );
    expect([...other.dataSync(), ...otherFrozen.dataSync()]).toEqual([1, 1, 1, 1]);
    tf.dispose([other, otherFrozen]);
    optimizer.dispose();
    problem.dispose();
  });

  it('takes the same step whatever the order of the variables', () => {
    const run = (order: (variables: tf.Variable[]) => tf.Variable[]) => {
      const problem = toyProblem();
      const optimizer = sharpnessAware(base(), { metric: mongeMetric(), rho: 0.2 });
      for (let i = 0; i < 3; i++) optimizer.minimize(() => problem.loss(i), false, order(problem.variables));
      const values = problem.values().flat();
      optimizer.dispose();
      problem.dispose();
      return values;
    };
    const [a, b] = [run((list) => list), run((list) => [...list].reverse())];
    // Only the order of summation in the norm differs.
    expect(Math.max(...a.map((value, i) => Math.abs(value - b[i]!)))).toBeLessThan(1e-6);
  });

  it('tells the closure which objective is wanted, in each of the ways', () => {
    const problem = toyProblem();
    const optimizer = sharpnessAware(base(), { objective: 'ascent' });
    const told: (Objective | undefined)[] = [];
    const asked: Objective[] = [];
    optimizer.minimize(
      (objective) => {
        told.push(objective);
        asked.push(currentObjective());
        return problem.loss(0);
      },
      false,
      problem.variables,
    );
    expect(told).toEqual(['ascent', 'descent']);
    expect(asked).toEqual(told);
    expect(currentObjective()).toBe('descent');
    const loss = optimizer.minimize(
      byObjective({ ascent: () => tf.mul(problem.loss(0), 1000), descent: () => problem.loss(0) }),
      true,
      problem.variables,
    )!;
    // The descent objective is reported, not the thousandfold one that is climbed.
    expect(loss.dataSync()[0]).toBeLessThan(100);
    loss.dispose();
    optimizer.dispose();
    problem.dispose();
  });

  it('passes the step number to a schedule of rho, and refuses a value out of range at its step', () => {
    const problem = toyProblem();
    const steps: number[] = [];
    const rho = (step: number) => {
      steps.push(step);
      return step === 2 ? -1 : 0.1;
    };
    const optimizer = sharpnessAware(base(), { rho });
    const step = () => optimizer.minimize(() => problem.loss(0), false, problem.variables);
    step();
    step();
    expect(step).toThrow('expected rho to be a finite number >= 0, got -1 from its schedule at step 2');
    expect(steps).toEqual([0, 1, 2]);
    optimizer.dispose();
    problem.dispose();
  });
});

describe('in TensorFlow.js’s own training', () => {
  beforeAll(() => useBackend('cpu'));
  const data = () => ({
    x: tf.randomNormal([16, 3], 0, 1, 'float32', 1),
    y: tf.randomNormal([16, 1], 0, 1, 'float32', 2),
  });

  function build(optimizer: tf.Optimizer): tf.Sequential {
    const dense = (units: number, seed: number, shape?: number[]) =>
      tf.layers.dense({
        units,
        kernelInitializer: tf.initializers.glorotNormal({ seed }),
        ...(shape && { inputShape: shape }),
      });
    const model = tf.sequential({ layers: [dense(6, 1, [3]), tf.layers.batchNormalization(), dense(1, 2)] });
    model.compile({ optimizer, loss: 'meanSquaredError', metrics: ['mae', 'mse'] });
    return model;
  }
  const moving = (model: tf.LayersModel) =>
    model.weights
      .filter(({ name }) => name.includes('moving'))
      .map((weight) => [...weight.read().dataSync()]);

  it('moves batch-norm statistics once per step, from the unperturbed pass', async () => {
    const { x, y } = data();
    const run = async (optimizer: tf.Optimizer) => {
      const model = build(optimizer);
      await model.fit(x, y, { epochs: 1, batchSize: 16, shuffle: false, verbose: 0 });
      const statistics = moving(model);
      model.dispose();
      optimizer.dispose();
      return statistics;
    };
    const plain = await run(tf.train.sgd(0.1));
    expect(await run(sharpnessAware(tf.train.sgd(0.1), { rho: 0.5 }))).toEqual(plain);
    tf.dispose([x, y]);
  });

  it('leaves frozen layers alone', async () => {
    const { x, y } = data();
    const optimizer = sharpnessAware(tf.train.momentum(0.1, 0.9));
    const model = build(optimizer);
    model.layers[0]!.trainable = false;
    model.compile({ optimizer, loss: 'meanSquaredError' });
    const frozen = () => [...model.layers[0]!.getWeights()[0]!.dataSync()];
    const free = () => [...model.layers[2]!.getWeights()[0]!.dataSync()];
    const before = [frozen(), free()];
    await model.fit(x, y, { epochs: 2, verbose: 0 });
    expect(frozen()).toEqual(before[0]);
    expect(free()).not.toEqual(before[1]);
    model.dispose();
    optimizer.dispose();
    tf.dispose([x, y]);
  });

  it('answers trainOnBatch with the metrics of the unperturbed pass, and leaks nothing', async () => {
    const { x, y } = data();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.01 }));
    const model = build(optimizer);
    await model.trainOnBatch(x, y);
    const { numTensors } = tf.memory();
    const values = (await model.trainOnBatch(x, y)) as number[];
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(values).toHaveLength(model.metricsNames.length);
    const [loss, , mse] = values;
    expect(mse).toBeCloseTo(loss!, 5);
    model.dispose();
    optimizer.dispose();
    tf.dispose([x, y]);
  });

  it('is saved with the model and goes on from there', async () => {
    const { x, y } = data();
    const optimizer = sharpnessAware(sgd({ learningRate: 0.05, momentum: 0.9 }), {
      rho: 0.1,
      metric: mongeMetric(),
    });
    const model = build(optimizer);
    const fit = (target: tf.LayersModel) => target.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });
    await fit(model);
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
      { includeOptimizer: true },
    );
    await fit(model);
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved!));
    expect(loaded.optimizer.getConfig()).toEqual(optimizer.getConfig());
    await fit(loaded);
    const weights = (target: tf.LayersModel) => target.getWeights().map((weight) => [...weight.dataSync()]);
    expect(weights(loaded)).toEqual(weights(model));
    tf.dispose([x, y]);
    for (const thing of [model, loaded, optimizer]) thing.dispose();
  });

  it('changes the learning rate from a callback', () => {
    for (const inner of [
      tf.train.sgd(0.1),
      tf.train.momentum(0.1, 0.9),
      tf.train.adam(0.1),
      sgd({ learningRate: 0.1 }),
    ]) {
      const optimizer = sharpnessAware(inner);
      expect(optimizer.learningRate).toBe(0.1);
      optimizer.learningRate = 0.01;
      expect(optimizer.learningRate).toBe(0.01);
      const weight = tf.variable(tf.scalar(1));
      optimizer.minimize(() => tf.mul(weight, 1) as tf.Scalar, false, [weight]);
      expect(1 - weight.dataSync()[0]!).toBeCloseTo(0.01, 5);
      weight.dispose();
      optimizer.dispose();
    }
  });
});

describe('errors of the driver', () => {
  beforeAll(() => useBackend('cpu'));
  it.each([
    [
      () => sharpnessAware(undefined as unknown as tf.Optimizer),
      'expected base to be a tf.Optimizer, got undefined',
    ],
    [() => sharpnessAware(base(), { rho: -1 }), 'expected rho to be a finite number >= 0, got -1'],
    [() => sharpnessAware(base(), { rho: Number.NaN }), 'expected rho to be a finite number >= 0, got NaN'],
    [() => sharpnessAware(base(), { metric: {} as never }), 'expected metric to be a PerturbationMetric'],
    [
      () => sharpnessAware(base(), { filter: {} as never }),
      'expected filter to be an object with a method "apply"',
    ],
    [
      () => sharpnessAware(base(), { objective: 'up' as never }),
      'expected objective to be one of [ascent, descent]',
    ],
    [
      () => sharpnessAware(base(), {}, { onNonFinite: 'x' as never }),
      'expected onNonFinite to be one of [pass, skip]',
    ],
    [
      () => sharpnessAware(base(), twoPass({ perturb: (g) => g })).minimize(0 as never),
      'expected the loss to be a function',
    ],
  ])('say what was given and what is accepted', (make, message) => {
    expect(make).toThrow(message);
  });

  it('name an empty list of variables, and a loss that reaches none', () => {
    const weight = tf.variable(tf.scalar(1));
    const optimizer = sharpnessAware(base());
    expect(() => optimizer.minimize(() => tf.scalar(1), false, [])).toThrow(
      'expected at least one trainable variable',
    );
    expect(() => optimizer.minimize(() => tf.scalar(1), false, [weight])).toThrow('Cannot find a connection');
    weight.dispose();
    optimizer.dispose();
  });
});
