/**
 * The universal class for the registry.
 *
 * @packageDocumentation
 */
import { definePlugin, driverOptions, type Plugin, schedule } from '@tfjs-sam/core/registry';
import { z } from 'zod';
import { detSam } from './det-sam.js';
import { frobSam } from './frob-sam.js';
import { traceSam } from './trace-sam.js';
import { universalSam } from './universal-sam.js';

const sampled = ({
  rho,
  lambda,
  samples,
  least = 1,
}: Record<'rho' | 'lambda' | 'samples', number> & { least?: number }) => ({
  rho: schedule()
    .default(rho)
    .describe('Radius that scales the directions, in weight units, or a schedule of it'),
  lambda: schedule().default(lambda).describe('Weight of the regulariser, or a schedule of it'),
  samples: z.int().min(least).default(samples).describe('Directions per step, a gradient each'),
  seed: z.int().default(0).describe('Seed of the directions'),
  ...driverOptions,
});
const scalarFunction = () =>
  z.enum(['identity', 'square', 'exp', 'log', 'exp-minus-half', 'inverse-square']).default('identity');
const halfWidth = z.number().gt(0).describe('Half the side of the cube that directions are drawn from');

const options = {
  trace: z.strictObject({
    ...sampled({ rho: 0.01, lambda: 1, samples: 1 }),
    distribution: z
      .enum(['gaussian', 'sphere'])
      .default('gaussian')
      .describe('Of the directions: the published code’s, or the paper’s'),
  }),
  det: z.strictObject({ ...sampled({ rho: 1, lambda: 1, samples: 1 }), halfWidth: halfWidth.default(0.01) }),
  frob: z.strictObject(sampled({ rho: 0.005, lambda: 0.005, samples: 2, least: 2 })),
  universal: z.strictObject({
    ...sampled({ rho: 0.01, lambda: 1, samples: 1 }),
    phi: scalarFunction().describe('Outer function, of the mean'),
    psi: scalarFunction().describe('Inner function, of each scaled rise of the loss'),
    distribution: z.enum(['gaussian', 'sphere', 'cube']).default('gaussian').describe('Of the directions'),
    halfWidth: halfWidth.default(1),
  }),
};

declare module '@tfjs-sam/core' {
  interface VariantConfigs {
    'trace-sam': z.input<typeof options.trace>;
    'det-sam': z.input<typeof options.det>;
    'frob-sam': z.input<typeof options.frob>;
    'universal-sam': z.input<typeof options.universal>;
  }
}

const owner = { kind: 'variant', package: '@tfjs-sam/universal-sam' } as const;
const paper = '(Tahmasebi et al. 2024, arXiv 2406.03682)';

/** The plugins of this package. */
export const plugins: readonly Plugin[] = [
  definePlugin({
    ...owner,
    name: 'trace-sam',
    description: `Regularises the trace of the Hessian by sampled gradients ${paper}`,
    options: options.trace,
    create: ({ base, ...given }) => traceSam(base, given),
  }),
  definePlugin({
    ...owner,
    name: 'det-sam',
    description: `Regularises a function of the determinant of the Hessian ${paper}`,
    options: options.det,
    create: ({ base, ...given }) => detSam(base, given),
  }),
  definePlugin({
    ...owner,
    name: 'frob-sam',
    description: `Regularises the Frobenius norm of the Hessian ${paper}`,
    options: options.frob,
    create: ({ base, ...given }) => frobSam(base, given),
  }),
  definePlugin({
    ...owner,
    name: 'universal-sam',
    description: `Regularises any sharpness of the form phi(mean psi) ${paper}`,
    options: options.universal,
    create: ({ base, ...given }) => universalSam(base, given),
  }),
];
