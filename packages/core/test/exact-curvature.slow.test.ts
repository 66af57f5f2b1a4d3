import * as tf from '@tensorflow/tfjs-core';
import {
  crossEntropyOf,
  gaussNewton,
  hessian,
  hessianDiagonalMetric,
  hessianLowRankMetric,
  hutchinsonTrace,
  hvp,
  type LinearMap,
  lanczos,
  makeOracle,
  type PerturbationMetric,
  sgd,
  sharpnessAware,
  squaredErrorOf,
  type TwoPartLoss,
} from '@tfjs-sam/core';
import {
  backendNames,
  type ExactNetwork,
  exactNetwork,
  exactNetworks,
  exactProducts,
  useBackend,
} from '@tfjs-sam/testing';
import { beforeAll, describe, expect, it } from 'vitest';

const flat = (x: readonly tf.Tensor[]) => x.flatMap((tensor) => [...tensor.dataSync()]);
const relative = (x: readonly number[], y: readonly number[]) =>
  Math.sqrt(x.reduce((sum, a, i) => sum + (a - y[i]!) ** 2, 0) / y.reduce((sum, b) => sum + b * b, 0));

/** How far a map's product is from a stored one, as a fraction. */
function errorOf(network: ExactNetwork, map: LinearMap, stored: string): number {
  return tf.tidy(() =>
    relative(flat(map(network.vector(network.reference.direction))), flat(network.vector(stored))),
  );
}

/** The loss in two parts, with the curvature in closed form where there is one. */
function partsOf({ reference, targets, outputs, lossOf }: ExactNetwork): TwoPartLoss {
  const closed = { softmax: crossEntropyOf, squared: squaredErrorOf }[reference.loss as string];
  return { outputs, ...(closed ? closed(targets) : { lossOf }) };
}

/** Of the networks without a ReLU and max pooling, differences are good to rounding. */
const isSmooth = (name: string) => /tanh|lstm/.test(name) && !/pool/.test(name);

/** Squares within squares bend more than ReLU networks do: their third derivatives show. */
const limitOf = (name: string) => (isSmooth(name) ? 1e-4 : name === 'kinks-choices' ? 5e-3 : 2e-3);

describe.each([...backendNames])('products on %s', (backend) => {
  beforeAll(() => useBackend(backend));

  it.each(exactProducts())('are within 2e-3 of exact ones, 1e-4 where smooth: %s', (name) => {
    const network = exactNetwork(name);
    const { numTensors } = tf.memory();
    const oracle = makeOracle(network.loss, network.variables);
    const limit = limitOf(name);
    const { hessianVectorProduct, gaussNewtonVectorProduct } = network.reference;
    const { outputs, lossOf } = network;
    expect(errorOf(network, (v) => hvp(oracle, v), hessianVectorProduct)).toBeLessThan(limit);
    expect(errorOf(network, gaussNewton(oracle, partsOf(network)), gaussNewtonVectorProduct)).toBeLessThan(
      limit,
    );
    // ∇²ℓ by differences, for a loss that gives no closed form.
    expect(errorOf(network, gaussNewton(oracle, { outputs, lossOf }), gaussNewtonVectorProduct)).toBeLessThan(
      Math.max(limit, 2e-3),
    );
    oracle.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    network.dispose();
  });
});

describe('spectra of exact networks', () => {
  /** How many standard errors each trace is off. */
  const scores: number[] = [];
  const unreliable: string[] = [];
  beforeAll(() => useBackend('wasm'));

  it.each(exactNetworks())('%s: eigenvalues within 1 %', async (name) => {
    const network = exactNetwork(name);
    const { numTensors } = tf.memory();
    const oracle = makeOracle(network.loss, network.variables);
    const maps = { hessian: hessian(oracle), gaussNewton: gaussNewton(oracle, partsOf(network)) };
    for (const [key, map] of Object.entries(maps)) {
      const exact = network.reference[key as keyof typeof maps]!;
      const found = await lanczos(map, { count: 5 });
      expect(found, `${name} ${key}`).toMatchObject({ reliable: true, converged: true });
      for (const k of [0, 1, 2, 3, 4])
        expect(Math.abs(found.values[k]! - exact.eigenvalues[k]!), `${key} ${k}`).toBeLessThan(
          0.01 * Math.abs(exact.eigenvalues[0]!),
        );
      tf.dispose(found.vectors);
      for (const rank of [0, 5]) {
        const trace = await hutchinsonTrace(map, { probes: 20, rank, seed: 3 });
        if (trace.reliable) scores.push((trace.value - exact.trace) / trace.standardError);
        else unreliable.push(`${name} ${key} ${rank}`);
      }
    }
    oracle.dispose();
    expect(tf.memory().numTensors).toBe(numTensors);
    network.dispose();
  });

  it('has traces within two standard errors, as often as a normal distribution is', () => {
    const far = scores.filter((score) => Math.abs(score) > 2);
    // A network that bends within the step says so.
    expect(unreliable).toEqual(['kinks-choices hessian 5']);
    expect(scores.length).toBe(4 * exactNetworks().length - unreliable.length);
    expect(far.length, `${scores}`).toBeLessThanOrEqual(Math.ceil(0.1 * scores.length));
    expect(Math.max(...scores.map(Math.abs))).toBeLessThan(3.5);
  });

  /** What a metric keeps under a name after some steps that leave the weights where they are. */
  async function kept(network: ExactNetwork, metric: PerturbationMetric, steps: number, slot: string) {
    const optimizer = sharpnessAware(sgd({ learningRate: 0 }), { metric });
    for (let step = 0; step < steps; step++) optimizer.minimize(network.loss, false, network.variables);
    const weights = await optimizer.getWeights();
    const found = weights.filter(({ name }) => name.includes(slot) && !name.includes('.weight'));
    const numbers = flat(found.map(({ tensor }) => tensor));
    optimizer.dispose();
    return numbers;
  }

  it.each(exactNetworks())(
    '%s: the low-rank metric reaches the top 4 within 2 % of the largest',
    async (name) => {
      const network = exactNetwork(name);
      const metric = hessianLowRankMetric({ rank: 4, refreshEvery: 1 });
      const sizes = await kept(network, metric, 8, 'sizes');
      const exact = network.reference.hessian!.eigenvalues.slice(0, 4).map(Math.abs);
      for (const [k, value] of exact.entries())
        expect(Math.abs(sizes[k]! - value), `λ${k} ${sizes[k]} for ${value}`).toBeLessThan(0.02 * exact[0]!);
      network.dispose();
    },
  );

  it.each(exactNetworks())('%s: the diagonal metric is within its standard error', async (name) => {
    const network = exactNetwork(name);
    const probes = 100;
    const metric = hessianDiagonalMetric({ probes, decay: 0, refreshEvery: 1 });
    const found = await kept(network, metric, 1, 'hessianDiagonal');
    const exact = flat(network.vector(network.reference.hessian!.diagonal));
    // Entry i of a probe has the variance Σⱼ Hᵢⱼ² − Hᵢᵢ²: ‖H‖²_F less the diagonal's squares in all.
    const own = exact.reduce((sum, x) => sum + x * x, 0);
    const expected = Math.sqrt(Math.max(0, network.reference.hessian!.frobeniusSquared - own) / probes);
    const off = Math.hypot(...found.map((x, i) => x - exact[i]!));
    expect(found).toHaveLength(exact.length);
    expect(off / expected, `‖D − diag H‖ is ${off}, its standard error ${expected}`).toBeLessThan(2);
    network.dispose();
  });
});

it('says that differences over free kinks are not to be believed', async () => {
  await useBackend('wasm');
  const network = exactNetwork('mlp-relu');
  const oracle = makeOracle(network.loss, network.variables);
  const free = hessian(oracle, { kinks: 'free' });
  const found = await lanczos(free, { count: 3, iterations: 40 });
  const trace = await hutchinsonTrace(free, { probes: 30 });
  expect(found.reliable).toBe(false);
  expect(found.reason).toMatch(/use gaussNewton/);
  expect(trace.reliable, `${trace.value} ± ${trace.standardError}`).toBe(false);
  tf.dispose(found.vectors);
  oracle.dispose();
  network.dispose();
});
