import type * as tf from '@tensorflow/tfjs';
import { type SharpnessAwareOptimizer, sgd } from '@tfjs-sam/core';
import { toyProblem, useBackend } from '@tfjs-sam/testing';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import * as all from '../src/index.js';

type Make = (base: tf.Optimizer, rho: number) => tf.Optimizer;

/** Variants that are plain SAM, or the base optimizer, at some of their options, as their papers say. */
const asSam: Readonly<Record<string, Make>> = {
  'pgn, α = 1': (base, rho) => all.pgn(base, { rho, alpha: 1 }),
  'multi-step SAM, one step': (base, rho) => all.multistepSam(base, { rho, steps: 1 }),
  'Lookbehind-SAM, k = α = 1': (base, rho) => all.lookbehindSam(base, { rho, k: 1, alpha: 1 }),
  'XSAM, α = 1': (base, rho) => all.xsam(base, { rho, alpha: 1 }),
  'periodic SAM, every step': (base, rho) => all.periodicSam(base, { rho, every: 1 }),
  'randomised SAM, p = 1': (base, rho) => all.rstSam(base, { rho, probability: 1 }),
  'VaSSO, θ = 1': (base, rho) => all.vasso(base, { rho, theta: 1 }),
  'TSAM, one point without noise': (base, rho) => all.tsam(base, { rho, samples: 1, noiseScale: 0 }),
  'R-SAM, γ = 0': (base, rho) => all.rSam(base, { rho, gamma: 0 }),
  'CR-SAM, γ = β = 0': (base, rho) => all.crSam(base, { rho, gamma: 0, beta: 0 }),
  'WSAM coupled, γ = 1/2': (base, rho) => all.wsam(base, { rho, gamma: 0.5, decouple: false }),
  'SAM-ON of all variables': (base, rho) => all.samOn(base, { rho, match: () => true }),
  'LE-SAM without a limit': (base, rho) => all.leSam(base, { budget: 1e6, rhoMax: rho }),
  'ESAM, β = γ = 1': (base, rho) => all.esam(base, { rho, beta: 1, gamma: 1 }),
  'K-SAM of all examples': (base, rho) => all.kSam(base, { rho, share: 1 }),
  'RW-SAM, t = 0': (base, rho) => all.rwSam(base, { rho, tilt: 0 }),
  'LookSAM, every step': (base, rho) => all.lookSam(base, { rho, k: 1 }),
  'Friendly SAM, σ = 0': (base, rho) => all.friendlySam(base, { rho, sigma: 0 }),
  'GSAM, α = 0': (base, rho) => all.gsam(base, { rho, alpha: 0 }),
  'Fisher SAM, η = 0': (base, rho) => all.fisherSam(base, { rho, eta: 0 }),
  'Eigen-SAM, α = 0': (base, rho) => all.eigenSam(base, { rho, alpha: 0, refreshEvery: 1 }),
  'SAM in the 2-norm': (base, rho) => all.sam(base, { rho, metric: all.pNormAscent({ p: 2 }) }),
  'Lookahead-SAM, no look ahead': (base, rho) => all.lookaheadSam(base, { rho, lookahead: 0 }),
  'SL-SAM of all variables': (base, rho) => all.slSam(base, { rho, share: 1 }),
  'Agnostic-SAM, ρᵥ = 0': (base, rho) => all.agnosticSam(base, { rho, validationRho: 0 }),
  'modality-aware SAM of one modality': (base, rho) => all.modalitySam(base, { rho }),
  'Focal-SAM, γ = 0, λ = 1': (base, rho) => all.focalSam(base, { rho, gamma: 0, lambda: 1 }),
};
const asBase: Readonly<Record<string, Make>> = {
  'RWP, γ = 0': (base) => all.rwp(base, { gamma: 0 }),
  'm-RWP, α = 0': (base) => all.mRwp(base, { alpha: 0 }),
  'LPF-SGD, γ = 0': (base) => all.lpfSgd(base, { gamma: 0, samples: 2 }),
  'pgn, α = 0': (base, rho) => all.pgn(base, { rho, alpha: 0 }),
  'randomised SAM, p = 0': (base, rho) => all.rstSam(base, { rho, probability: 0 }),
  'adaptive RWP, γ = 0': (base) => all.arwp(base, { gamma: 0 }),
  'Trace-SAM, λ = 0': (base) => all.traceSam(base, { lambda: 0 }),
  'Frob-SAM, λ = 0': (base) => all.frobSam(base, { lambda: 0 }),
  'Focal-SAM, λ = 0': (base, rho) => all.focalSam(base, { rho, lambda: 0 }),
};

/** The weights after four steps; the losses tell those of their examples. */
function trained(make: Make, rho: number, steps = 4): number[] {
  const problem = toyProblem(1, true);
  const optimizer = make(sgd({ learningRate: 0.1, momentum: 0.9 }), rho) as SharpnessAwareOptimizer;
  for (let i = 0; i < steps; i++) optimizer.minimize(() => problem.loss(i), false, problem.variables);
  const values = problem.values().flat();
  optimizer.dispose();
  problem.dispose();
  return values;
}

/** Four steps of 0.1 times gradients of size 1, with a few roundings of 2⁻²⁴ each. */
const TOLERANCE = 1e-5;

function expectAlike(make: Make, reference: Make): void {
  fc.assert(
    fc.property(fc.double({ min: 0.01, max: 0.5, noNaN: true }), (rho) => {
      const expected = trained(reference, rho);
      const worst = Math.max(...trained(make, rho).map((value, i) => Math.abs(value - expected[i]!)));
      expect(worst).toBeLessThanOrEqual(TOLERANCE);
    }),
    { seed: 3, numRuns: 4 },
  );
}

describe('laws of the variants', () => {
  beforeAll(() => useBackend('wasm'));

  it.each(Object.entries(asSam))('%s is SAM', (_name, make) => {
    expectAlike(make, (base, rho) => all.sam(base, { rho }));
  });

  it.each(Object.entries(asBase))('%s is the base optimizer', (_name, make) => {
    expectAlike(make, (base) => all.sam(base, { rho: 0 }));
  });

  it('a tilt of TSAM that vanishes gives the mean, and one that grows the worst point', () => {
    const weights = (tilt: number) =>
      trained((base, rho) => all.tsam(base, { rho, tilt, samples: 3 }), 0.1, 1);
    const distance = (a: readonly number[], b: readonly number[]) =>
      Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));
    expect(distance(weights(1e-6), weights(0))).toBeLessThan(1e-6);
    expect(distance(weights(1e4), weights(1e6))).toBeLessThan(1e-6);
    expect(distance(weights(0), weights(1e6))).toBeGreaterThan(1e-4);
  });

  it('SAGM without its step back is the half of PGN, and adaptive RWP of η = 0 is RWP', () => {
    expectAlike(
      (base, rho) => all.sagm(base, { rho, alpha: 0 }),
      (base, rho) => all.pgn(base, { rho, alpha: 0.5 }),
    );
    expectAlike(
      (base, rho) => all.arwp(base, { gamma: rho, eta: 0 }),
      (base, rho) => all.rwp(base, { gamma: rho }),
    );
  });

  it('Stable SAM’s step has the length of the gradient at the weights', () => {
    const start = trained((base) => base, 0, 0);
    const step = (make: Make) => Math.hypot(...trained(make, 0.3, 1).map((value, i) => value - start[i]!));
    const plain = step((base) => all.sam(base, { rho: 0 }));
    expect(step((base, rho) => all.stableSam(base, { rho }))).toBeCloseTo(plain, 5);
    expect(Math.abs(step((base, rho) => all.sam(base, { rho })) - plain)).toBeGreaterThan(1e-3);
  });
});
