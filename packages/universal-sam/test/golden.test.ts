import * as tf from '@tensorflow/tfjs';
import type { Sampler } from '@tfjs-sam/core';
import { describeGolden, describeVariant, type Golden, type StoredVector } from '@tfjs-sam/testing';
import { detSam, frobSam, traceSam, universalSam } from '../src/index.js';

/** The directions that the published code drew. */
function directionsOf({ initial, steps }: Golden): Sampler {
  return (_shapes, step, index) => {
    const values = (steps[step]!.directions as StoredVector[])[index]!;
    return Object.entries(initial).map(([name, { shape }]) => tf.tensor(values[name]!, shape));
  };
}

const optionsOf = (golden: Golden) => ({
  rho: golden.hyper.rho!,
  lambda: golden.hyper.lambda!,
  samples: golden.hyper.n_samples!,
  sampler: directionsOf(golden),
});

describeGolden({ variant: 'trace_sam', create: (base, golden) => traceSam(base, optionsOf(golden)) });
describeGolden({ variant: 'det_sam', create: (base, golden) => detSam(base, optionsOf(golden)) });
describeGolden({ variant: 'frob_sam', create: (base, golden) => frobSam(base, optionsOf(golden)) });
describeGolden({
  variant: 'det_sam',
  create: (base, golden) =>
    universalSam(base, { ...optionsOf(golden), phi: 'inverse-square', psi: 'exp-minus-half' }),
});

describeVariant({
  name: 'trace-sam',
  create: (base, options) => traceSam(base, options),
});
describeVariant({
  name: 'det-sam',
  create: (base, options) => detSam(base, options),
});
describeVariant({
  name: 'frob-sam',
  create: (base, options) => frobSam(base, options),
});
describeVariant({
  name: 'universal-sam',
  create: (base, options) =>
    universalSam(base, { ...options, psi: 'square', samples: 2, distribution: 'sphere', lambda: 0.1 }),
});
