import * as tf from '@tensorflow/tfjs';
import { byObjective, elementwiseMetric, mongeMetric, type Objective, sgd } from '@tfjs-sam/core';
import {
  backendNames,
  buildGoldenModel,
  describeGolden,
  describeVariant,
  type Golden,
  type GoldenModel,
  goldenBase,
  goldensOf,
  toleranceOf,
  useBackend,
} from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import { bisam, bisamLoss, type LowerBound, zeroOneLowerBound } from '../src/index.js';

const variants = ['bisam_tanh', 'bisam_log'];

function boundOf({ variant, hyper }: Golden): LowerBound {
  const { mu, alpha } = hyper;
  return variant === 'bisam_tanh' ? { kind: 'tanh', mu, alpha } : { kind: 'log', mu };
}

const surrogate = (model: GoldenModel, batch: number, golden: Golden) =>
  zeroOneLowerBound(model.labels(batch), model.logits(batch), boundOf(golden));

for (const variant of variants) {
  const create = (base: tf.Optimizer, { hyper }: Golden) => bisam(base, { rho: hyper.rho });
  // Ours is the loss at θ + δ: compared below.
  const suite = { variant, create, reportsLossAtTheta: false };
  describe('by a closure that is told the objective', () => {
    describeGolden({
      ...suite,
      closure:
        (model, { batch }, golden) =>
        (objective?: Objective) =>
          objective === 'ascent' ? surrogate(model, batch!, golden) : model.loss(batch!),
    });
  });
  describe('by byObjective', () => {
    describeGolden({
      ...suite,
      closure: (model, { batch }, golden) =>
        byObjective({
          ascent: () => surrogate(model, batch!, golden),
          descent: () => model.loss(batch!),
        }),
    });
  });
  describe('by bisamLoss, with the lower bound of the optimizer', () => {
    describeGolden({
      ...suite,
      create: (base, golden) => bisam(base, { rho: golden.hyper.rho, lowerBound: boundOf(golden) }),
      closure: (model, { batch }) => {
        const loss = bisamLoss({ fromLogits: true });
        return () => tf.mean(loss(model.labels(batch!), model.logits(batch!)));
      },
    });
  });
}

describeVariant({ name: 'bisam', create: (base, options) => bisam(base, options) });

describe.each([...backendNames])('bisam on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(variants.flatMap((variant) => goldensOf(variant)).map((golden) => [golden.name, golden] as const))(
    'climbs the published surrogate and reports the descent objective at θ + δ: %s',
    (_name, golden) => {
      const model = buildGoldenModel(golden);
      const optimizer = bisam(goldenBase(golden), { rho: golden.hyper.rho });
      const tolerance = toleranceOf(golden, 'loss_at_theta');
      for (const { batch, ...step } of golden.steps) {
        const published = zeroOneLowerBound(model.labels(batch!), model.logits(batch!), {
          ...boundOf(golden),
          compat: 'published-code',
        });
        const difference = published.dataSync()[0]! - (step.surrogate_loss_at_theta as number);
        expect(Math.abs(difference)).toBeLessThanOrEqual(tolerance);
        const closure = (objective?: Objective) =>
          objective === 'ascent' ? surrogate(model, batch!, golden) : model.loss(batch!);
        const loss = optimizer.minimize(closure, true, model.variables)!;
        expect(Math.abs(loss.dataSync()[0]! - step.loss_at_perturbed!)).toBeLessThanOrEqual(tolerance);
        tf.dispose([published, loss]);
      }
      optimizer.dispose();
      model.dispose();
    },
  );

  const [golden] = goldensOf('bisam_tanh') as [Golden];
  const rho = 0.2;
  /** One plain step of 0.1 at θ + δ(∇Q), written out with TensorFlow.js's own gradients. */
  function byHand(displace: (gradients: tf.Tensor[], weights: tf.Tensor[]) => tf.Tensor[]): number[] {
    const model = buildGoldenModel(golden);
    const gradients = (loss: () => tf.Scalar) => {
      const { value, grads } = tf.variableGrads(loss, model.variables);
      value.dispose();
      return model.variables.map(({ name }) => grads[name]!);
    };
    const result = tf.tidy(() => {
      const start = model.variables.map((variable) => tf.clone(variable));
      const raised = displace(
        gradients(() => surrogate(model, 0, golden)),
        start,
      );
      for (const [i, variable] of model.variables.entries()) variable.assign(tf.add(start[i]!, raised[i]!));
      const perturbed = gradients(() => model.loss(0));
      return start.flatMap((tensor, i) => [...tf.sub(tensor, tf.mul(0.1, perturbed[i]!)).dataSync()]);
    });
    model.dispose();
    return result;
  }
  const lengthOf = (vector: tf.Tensor[]) =>
    tf.sqrt(tf.addN(vector.map((tensor) => tf.sum(tf.square(tensor)))));

  function step(optimizer: tf.Optimizer): number[] {
    const model = buildGoldenModel(golden);
    const closure = byObjective({
      ascent: () => surrogate(model, 0, golden),
      descent: () => model.loss(0),
    });
    optimizer.minimize(closure, false, model.variables);
    const result = model.variables.flatMap((variable) => [...variable.dataSync()]);
    optimizer.dispose();
    model.dispose();
    return result;
  }

  const expectClose = (actual: number[], expected: number[]) => {
    const worst = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
    // One step: some ten roundings of weights and gradients below 4.
    expect(worst).toBeLessThan(10 * 4 * 2 ** -24);
  };

  it('climbs in ASAM’s metric', () => {
    const expected = byHand((gradients, weights) => {
      const scales = weights.map((weight) => tf.add(tf.abs(weight), 0.01));
      const dual = lengthOf(gradients.map((gradient, i) => tf.mul(scales[i]!, gradient)));
      return gradients.map((gradient, i) =>
        tf.mul(tf.div(rho, dual), tf.mul(tf.square(scales[i]!), gradient)),
      );
    });
    const optimizer = bisam(sgd({ learningRate: 0.1 }), { rho, metric: elementwiseMetric({ eta: 0.01 }) });
    expectClose(step(optimizer), expected);
  });

  it('climbs in the Monge metric, where the factor 1/μ counts', () => {
    const expected = byHand((gradients) => {
      const length = lengthOf(gradients);
      const shortened = tf.mul(length, tf.sqrt(tf.add(1, tf.square(length))));
      return gradients.map((gradient) => tf.mul(tf.div(rho, shortened), gradient));
    });
    const optimizer = bisam(sgd({ learningRate: 0.1 }), { rho, metric: mongeMetric() });
    expectClose(step(optimizer), expected);
  });

  it('evaluates two gradients a step, of the ascent objective first', () => {
    const weight = tf.variable(tf.scalar(1));
    const asked: (Objective | undefined)[] = [];
    const optimizer = bisam(sgd({ learningRate: 0.1 }));
    const closure = (objective?: Objective) => {
      asked.push(objective);
      return tf.square(weight) as tf.Scalar;
    };
    optimizer.minimize(closure, false, [weight]);
    expect(asked).toEqual(['ascent', 'descent']);
    weight.dispose();
  });
});

describe('bisam', () => {
  beforeAll(() => useBackend('cpu'));
  const base = sgd({ learningRate: 0.1 });

  it('writes its lower bound down', () => {
    const lowerBound: LowerBound = { kind: 'log', mu: 2 };
    expect(bisam(base, { rho: 0.2, lowerBound }).getConfig()).toMatchObject({ variant: 'bisam', lowerBound });
  });

  it('lends its lower bound to losses for the length of its steps, also when they throw', () => {
    const labels = tf.tensor1d([0], 'int32');
    const logits = tf.tensor2d([[0.3, 1.2]]);
    const value = (lowerBound?: LowerBound) => {
      const bound = zeroOneLowerBound(labels, logits, lowerBound);
      const [result] = bound.dataSync();
      bound.dispose();
      return result;
    };
    const outside = value();
    expect(outside).toBe(value({ kind: 'tanh', mu: 10, alpha: 0.1 }));
    const weight = tf.variable(tf.scalar(1));
    const seen: unknown[] = [];
    const look = () => {
      seen.push(value());
      if (seen.length === 3) throw new Error('failed');
      return tf.square(weight) as tf.Scalar;
    };
    const optimizer = bisam(base, { lowerBound: { kind: 'log' } });
    optimizer.minimize(look, false, [weight]);
    expect(() => optimizer.minimize(look, false, [weight])).toThrow('failed');
    const log = value({ kind: 'log', mu: 1 });
    expect(log).not.toBe(outside);
    expect(seen).toEqual([log, log, log]);
    expect(value()).toBe(outside);
    tf.dispose([labels, logits, weight]);
  });

  it('refuses bounds that it does not know and numbers out of range', () => {
    expect(() => bisam(base, { lowerBound: { kind: 'sigmoid' } as unknown as LowerBound })).toThrow(
      new RangeError('bisam: expected lowerBound.kind to be one of [tanh, log], got "sigmoid"'),
    );
    expect(() => bisam(base, { lowerBound: { kind: 'tanh', mu: 0 } })).toThrow(
      new RangeError('bisam: expected lowerBound.mu to be a finite number > 0, got 0'),
    );
    expect(() => bisam(base, { lowerBound: { kind: 'tanh', alpha: -1 } })).toThrow(
      new RangeError('bisam: expected lowerBound.alpha to be a finite number > 0, got -1'),
    );
    expect(() => bisam(base, { rho: -1 })).toThrow(
      new RangeError('bisam: expected rho to be a finite number >= 0, got -1'),
    );
  });
});
