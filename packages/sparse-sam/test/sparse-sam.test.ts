import * as tf from '@tensorflow/tfjs';
import type { ParamVector, Sampler } from '@tfjs-sam/core';
import { describeGolden, describeVariant, type Golden, type StoredVector } from '@tfjs-sam/testing';
import { sparseSam } from '../src/index.js';

const stored = ({ initial }: Golden, values: StoredVector): ParamVector =>
  Object.entries(initial).map(([name, { shape }]) => tf.tensor(values[name]!, shape));

describeGolden({
  variant: 'ssam_f',
  create: (base, golden, model) => {
    const { rho, sparsity, num_samples, steps_per_epoch } = golden.hyper as Record<string, number>;
    const batches = golden.hyper.fisher_batches as unknown as number[];
    const examples = batches.flatMap((batch) =>
      golden.data.batches![batch]!.labels.map((_, example) => () => model.exampleLoss(batch, example)),
    );
    return sparseSam(base, {
      rho: rho!,
      sparsity: sparsity!,
      samples: num_samples!,
      perExample: () => examples,
      refreshEvery: steps_per_epoch!,
      initialMask: 'zeros',
    });
  },
});

describeGolden({
  variant: 'ssam_d',
  create: (base, golden) => {
    const { hyper, steps, initial_mask } = golden;
    const sampler: Sampler = (_shapes, step, index) => {
      if (step === 0 && index === 0)
        return stored(golden, (initial_mask as { random_scores: StoredVector }).random_scores);
      return stored(golden, (steps[step]!.mask_update as { random_draws: StoredVector }).random_draws);
    };
    return sparseSam(base, {
      rho: hyper.rho!,
      sparsity: hyper.sparsity!,
      mask: 'dynamic',
      dropRate: hyper.drop_rate!,
      dropStrategy: hyper.drop_strategy as unknown as 'gradient' | 'weight',
      growthStrategy: hyper.growth_strategy as unknown as 'random' | 'gradient',
      refreshEvery: hyper.steps_per_epoch!,
      totalRefreshes: hyper.epochs!,
      sampler,
    });
  },
});

describeVariant({
  name: 'sparse-sam, fisher',
  refusesRuns: 'masks are of one run',
  create: (base, options) => sparseSam(base, { ...options, refreshEvery: 2 }),
});
describeVariant({
  name: 'sparse-sam, dynamic',
  refusesRuns: 'masks are of one run',
  create: (base, options) =>
    sparseSam(base, { ...options, mask: 'dynamic', refreshEvery: 2, totalRefreshes: 10 }),
});
