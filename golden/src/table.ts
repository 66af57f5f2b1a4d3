import * as tf from '@tensorflow/tfjs-core';
import { byObjective, elementwiseMetric, linearDecay, type ParamVector, type Sampler } from '@tfjs-sam/core';
import type { Golden, GoldenRun, GoldenStep, StoredVector } from '@tfjs-sam/testing/trajectories';
import * as sam from 'tfjs-sam';

/** A number among a trajectory's hyper-parameters. @throws RangeError when it is missing. */
function number({ name, hyper }: Golden, key: string): number {
  const value: unknown = hyper[key];
  if (typeof value === 'number') return value;
  throw new RangeError(`${name}: expected a number hyper.${key}, got ${JSON.stringify(value)}`);
}

/** A number, or the fallback where the file has none. */
const numberOr = (golden: Golden, key: string, fallback: number) =>
  golden.hyper[key] === undefined ? fallback : number(golden, key);

/** Values of a file as a vector, in the order of its variables. */
function stored({ initial }: Golden, values: StoredVector): ParamVector {
  return Object.entries(initial).map(([name, { shape }]) => tf.tensor(values[name]!, shape));
}

/** The draws that a file holds in place of the seed's. */
function injected(golden: Golden, drawsOf: (step: GoldenStep, index: number) => StoredVector): Sampler {
  return (_shapes, step, index) => stored(golden, drawsOf(golden.steps[step]!, index));
}

/** |θ| (+ η, where the file has one) in place of the Euclidean metric where the file asks for it. */
const metricOf = (golden: Golden) =>
  golden.hyper.adaptive ? elementwiseMetric({ eta: numberOr(golden, 'eta', 0) }) : undefined;

/** The radius, and the metric, of variants that take any. */
const ascentOf = (golden: Golden) => ({ rho: number(golden, 'rho'), metric: metricOf(golden) });

/** Kernels and batch norm's γ, whose names the published code tells by 'weight'. */
const isWeight = ({ name }: { readonly name: string }) => /kernel|gamma/.test(name);

/** Steps between two refreshes of a mask that is made once in so many epochs. */
const refreshEvery = (golden: Golden) =>
  number(golden, 'steps_per_epoch') * numberOr(golden, 'update_freq_epochs', 1);

type LowerBound = NonNullable<sam.BisamOptions['lowerBound']>;

function bisamRun(boundOf: (golden: Golden) => LowerBound): GoldenRun {
  return {
    create: (base, golden) => sam.bisam(base, { ...ascentOf(golden), lowerBound: boundOf(golden) }),
    closure: (model, { batch }, golden) =>
      byObjective({
        ascent: () => sam.zeroOneLowerBound(model.labels(batch!), model.logits(batch!), boundOf(golden)),
        descent: () => model.loss(batch!),
      }),
    // Ours is the descent objective's at θ + δ.
    reportsLossAtTheta: false,
  };
}

const sampledOptions = (golden: Golden) => ({
  rho: number(golden, 'rho'),
  lambda: number(golden, 'lambda'),
  samples: number(golden, 'n_samples'),
  sampler: injected(golden, ({ directions }, index) => (directions as StoredVector[])[index]!),
});

const lookSamRun = (perVariable: boolean): GoldenRun => ({
  create: (base, golden) =>
    sam.lookSam(base, {
      ...ascentOf(golden),
      k: number(golden, 'k'),
      alpha: number(golden, 'alpha'),
      perVariable,
    }),
});

/** Draws in the first step rank the initial mask; then come those of each refresh. */
function maskSampler(golden: Golden): Sampler {
  return (_shapes, step, index) => {
    const { initial_mask } = golden as unknown as { initial_mask: { random_scores: StoredVector } };
    if (step === 0 && index === 0) return stored(golden, initial_mask.random_scores);
    return stored(golden, (golden.steps[step]!.mask_update as { random_draws: StoredVector }).random_draws);
  };
}

const noiseOptions = (golden: Golden) => ({
  gamma: number(golden, 'gamma'),
  sampler: injected(golden, ({ noise_standard_normal }) => noise_standard_normal as StoredVector),
});

/** The files draw one number per variable, or one per weight. */
const esamOptions = (golden: Golden) => ({
  ...ascentOf(golden),
  beta: number(golden, 'beta'),
  // From 0.99 on the published code takes all examples.
  gamma: number(golden, 'gamma') >= 0.99 ? 1 : number(golden, 'gamma'),
  sampler: ((_shapes, step) => {
    const { random_draws: draws } = golden.steps[step]!;
    if (!Array.isArray(draws)) return stored(golden, draws as StoredVector);
    return (draws as number[]).map((draw) => tf.scalar(draw));
  }) satisfies Sampler,
});

const exampleClosure: GoldenRun['closure'] =
  (model, { batch }) =>
  () =>
    model.losses(batch!);

/** How each variant of the files is made here from its hyper-parameters. */
export const table: Readonly<Record<string, GoldenRun>> = {
  sam: {
    create: (base, golden) => sam.sam(base, ascentOf(golden)),
  },
  asam: {
    create: (base, golden) =>
      // One class serves both.
      (golden.hyper.adaptive as unknown) === false
        ? sam.sam(base, ascentOf(golden))
        : sam.asam(base, { rho: number(golden, 'rho'), eta: numberOr(golden, 'eta', 0) }),
  },
  asam_eta: {
    create: (base, golden) =>
      sam.asam(base, { rho: number(golden, 'rho'), eta: number(golden, 'eta'), scaled: isWeight }),
  },
  asam_eta_all: {
    create: (base, golden) => sam.asam(base, { rho: number(golden, 'rho'), eta: number(golden, 'eta') }),
  },
  gsam: {
    create: (base, golden) => {
      // A scheduled radius falls as a learning rate does that falls linearly to 0 over rho_T steps.
      const rho =
        golden.hyper.rho_max === undefined
          ? number(golden, 'rho')
          : sam.rhoFromLearningRate({
              rhoMax: number(golden, 'rho_max'),
              rhoMin: number(golden, 'rho_min'),
              learningRate: linearDecay(1, 0, number(golden, 'rho_T')),
            });
      return sam.gsam(base, { rho, alpha: number(golden, 'alpha'), metric: metricOf(golden) });
    },
  },
  bisam_tanh: bisamRun((golden) => ({
    kind: 'tanh',
    mu: number(golden, 'mu'),
    alpha: number(golden, 'alpha'),
  })),
  bisam_log: bisamRun((golden) => ({ kind: 'log', mu: number(golden, 'mu') })),
  sampa: {
    create: (base, golden) => sam.sampa(base, { ...ascentOf(golden), lambda: number(golden, 'lambda') }),
    // Ours is the loss at the auxiliary point.
    reportsLossAtTheta: false,
  },
  bilateral_sam_restored: {
    create: (base, golden) =>
      sam.bilateralSam(base, {
        rhoMax: number(golden, 'rho_max'),
        rhoMin: number(golden, 'rho_min'),
        metric: metricOf(golden),
      }),
  },
  trace_sam: { create: (base, golden) => sam.traceSam(base, sampledOptions(golden)) },
  det_sam: {
    create: (base, golden) =>
      sam.detSam(base, { ...sampledOptions(golden), halfWidth: number(golden, 'half_cube') }),
  },
  frob_sam: { create: (base, golden) => sam.frobSam(base, sampledOptions(golden)) },
  ssam_f: {
    create: (base, golden, model) => {
      const batches = golden.hyper.fisher_batches as unknown as readonly number[];
      const examples = batches.flatMap((batch) =>
        golden.data.batches![batch]!.labels.map((_, example) => () => model.exampleLoss(batch, example)),
      );
      // The files use all examples of their batches, whatever this says.
      numberOr(golden, 'num_samples', examples.length);
      return sam.sparseSam(base, {
        ...ascentOf(golden),
        sparsity: number(golden, 'sparsity'),
        samples: examples.length,
        perExample: () => examples,
        refreshEvery: refreshEvery(golden),
        initialMask: 'zeros',
      });
    },
  },
  ssam_d: {
    create: (base, golden) =>
      sam.sparseSam(base, {
        ...ascentOf(golden),
        sparsity: number(golden, 'sparsity'),
        mask: 'dynamic',
        dropRate: number(golden, 'drop_rate'),
        dropStrategy: golden.hyper.drop_strategy as unknown as sam.MaskStrategyName,
        growthStrategy: golden.hyper.growth_strategy as unknown as sam.MaskStrategyName,
        refreshEvery: refreshEvery(golden),
        totalRefreshes: number(golden, 'epochs') / numberOr(golden, 'update_freq_epochs', 1),
        sampler: maskSampler(golden),
      }),
  },
  friendly_sam: {
    create: (base, golden) =>
      sam.friendlySam(base, {
        ...ascentOf(golden),
        sigma: number(golden, 'sigma'),
        lambda: number(golden, 'lmbda'),
      }),
  },
  wsam: {
    create: (base, golden) =>
      sam.wsam(base, {
        ...ascentOf(golden),
        gamma: number(golden, 'gamma'),
        decouple: Boolean(golden.hyper.decouple),
        metric: metricOf(golden),
      }),
  },
  looksam: lookSamRun(true),
  looksam_global: lookSamRun(false),
  bsam_bayes: {
    create: (_base, golden) =>
      sam.bsam({
        learningRate: number(golden, 'lr'),
        beta1: number(golden, 'beta1'),
        beta2: number(golden, 'beta2'),
        weightDecay: number(golden, 'weight_decay'),
        rho: number(golden, 'rho'),
        damping: number(golden, 'damping'),
        numData: number(golden, 'num_data'),
        initialScale: numberOr(golden, 's_init', 1),
        sampler: injected(golden, ({ noise_standard_normal }) => noise_standard_normal as StoredVector),
      }),
    // Ours is the loss at the noisy point.
    reportsLossAtTheta: false,
  },
  msam: { create: (base, golden) => sam.msam(base, { rho: number(golden, 'rho') }) },
  fisher_sam: {
    create: (base, golden) => sam.fisherSam(base, { rho: number(golden, 'rho'), eta: number(golden, 'eta') }),
  },
  stable_sam: { create: (base, golden) => sam.stableSam(base, ascentOf(golden)) },
  usam: { create: (base, golden) => sam.usam(base, { rho: number(golden, 'rho') }) },
  stable_usam: { create: (base, golden) => sam.stableUsam(base, { rho: number(golden, 'rho') }) },
  vasso: {
    create: (base, golden) => sam.vasso(base, { ...ascentOf(golden), theta: number(golden, 'theta') }),
  },
  xsam: {
    create: (base, golden) =>
      sam.xsam(base, {
        ...ascentOf(golden),
        steps: number(golden, 'steps'),
        ...(golden.hyper.rho_max === undefined
          ? { alpha: numberOr(golden, 'alpha', 1) }
          : {
              rhoMax: number(golden, 'rho_max'),
              alphaMax: number(golden, 'alpha_max'),
              alphaStep: number(golden, 'alpha_delta'),
              searchEvery: number(golden, 'steps_per_epoch'),
            }),
      }),
  },
  sagm: {
    create: (base, golden) =>
      sam.sagm(base, {
        ...ascentOf(golden),
        alpha: number(golden, 'alpha'),
        metric: metricOf(golden),
      }),
  },
  gcsam: { create: (base, golden) => sam.gcSam(base, { rho: number(golden, 'rho') }) },
  pgn: {
    create: (base, golden) =>
      sam.pgn(base, {
        rho: number(golden, 'r'),
        alpha: number(golden, 'alpha'),
        metric: metricOf(golden),
      }),
  },
  multistep_sam: {
    // The last of a period's calls is the descent.
    create: (base, golden) =>
      sam.multistepSam(base, { ...ascentOf(golden), steps: number(golden, 'sync_period') - 1 }),
  },
  lookbehind_sam: {
    create: (base, golden) =>
      sam.lookbehindSam(base, {
        ...ascentOf(golden),
        k: number(golden, 'k'),
        alpha: number(golden, 'alpha') === -1 ? 'adaptive' : number(golden, 'alpha'),
      }),
  },
  esam: {
    create: (base, golden) => sam.esam(base, { ...esamOptions(golden), mask: 'variable' }),
    closure: exampleClosure,
  },
  esam_elementwise: {
    create: (base, golden) => sam.esam(base, { ...esamOptions(golden), mask: 'weight' }),
    closure: exampleClosure,
  },
  rwp: {
    create: (base, golden) => sam.rwp(base, noiseOptions(golden)),
    // Ours is the loss at the noisy point.
    reportsLossAtTheta: false,
  },
  mrwp: {
    create: (base, golden) => sam.mRwp(base, { ...noiseOptions(golden), alpha: number(golden, 'alpha') }),
  },
  gam: {
    create: (base, golden) =>
      sam.gam(base, {
        rho: number(golden, 'rho'),
        normRho: number(golden, 'norm_rho'),
        beta0: number(golden, 'beta0'),
        beta1: number(golden, 'beta1'),
        gamma: number(golden, 'gamma'),
      }),
  },
  crsam: {
    create: (base, golden) =>
      sam.crSam(base, {
        ...ascentOf(golden),
        gamma: number(golden, 'gamma'),
        beta: number(golden, 'beta'),
      }),
  },
  zsharp: {
    create: (base, golden) =>
      sam.zsharp(base, { ...ascentOf(golden), percentile: number(golden, 'percentile') }),
  },
  tsam: {
    create: (base, golden) =>
      sam.tsam(base, {
        ...ascentOf(golden),
        samples: number(golden, 'num_samples'),
        tilt: number(golden, 'tilt'),
        noiseRadius: number(golden, 'radius'),
        noiseScale: number(golden, 'scaling'),
        sampler: injected(golden, ({ directions }, index) => (directions as StoredVector[])[index]!),
      }),
    // Ours is the loss at the first noisy point.
    reportsLossAtTheta: false,
  },
  momentum_sam: {
    create: (base, golden) => sam.momentumSam(base, ascentOf(golden)),
    // Ours is the loss at the perturbed point.
    reportsLossAtTheta: false,
  },
  asam_layerwise: {
    create: (base, golden) =>
      sam.layerwiseAsam(base, {
        rho: number(golden, 'rho'),
        eta: number(golden, 'eta'),
        scaled: isWeight,
      }),
  },
  asam_linf: {
    create: (base, golden) =>
      sam.signAsam(base, { rho: number(golden, 'rho'), eta: number(golden, 'eta'), scaled: isWeight }),
  },
  sam_on: { create: (base, golden) => sam.samOn(base, ascentOf(golden)) },
  ae_sam: {
    create: (base, golden) =>
      sam.aeSam(base, {
        ...ascentOf(golden),
        delta: number(golden, 'delta'),
        lambda1: number(golden, 'lambda1'),
        lambda2: number(golden, 'lambda2'),
        totalSteps: number(golden, 'total_steps'),
        lag: false,
      }),
  },
  lightsam: {
    create: (base, golden) =>
      sam.lightSam(base, { rho: number(golden, 'rho'), epsilon: number(golden, 'epsilon') }),
  },
  le_sam: {
    create: (base, golden) =>
      sam.leSam(base, { budget: number(golden, 'budget'), rhoMax: number(golden, 'rho_max') }),
  },
  eigen_sam: {
    create: (base, golden) =>
      sam.eigenSam(base, {
        rho: number(golden, 'rho'),
        alpha: number(golden, 'alpha'),
        refreshEvery: number(golden, 'freq'),
        powerSteps: number(golden, 'power_steps'),
        sampler: injected(golden, ({ initial_vector }) => initial_vector as StoredVector),
      }),
  },
};
