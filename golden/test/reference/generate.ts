import { type Golden, type GoldenBase, type GoldenStep, goldensOf } from '@tfjs-sam/testing/trajectories';
import { evaluate } from './networks.js';
import { type Formula, Session } from './session.js';

/** What a trajectory that no file holds is of. */
export interface Case {
  readonly variant: string;
  readonly model: 'mlp' | 'cnn_bn';
  readonly hyper: Readonly<Record<string, unknown>>;
  readonly base: GoldenBase;
  readonly steps?: number;
  readonly seed?: number;
  /** How far float32 may be off. */
  readonly tolerance?: number;
}

/** Bases that published trajectories may be of. */
export const bases: Readonly<Record<string, GoldenBase>> = {
  sgd_wd: { type: 'sgd', lr: 0.1, momentum: 0, weight_decay: 0.01 },
  momentum_wd: { type: 'momentum', lr: 0.05, momentum: 0.9, weight_decay: 0.01 },
  nesterov: { type: 'momentum', lr: 0.05, momentum: 0.8, nesterov: true, weight_decay: 0.01 },
  adam: { type: 'adam', lr: 0.02, betas: [0.9, 0.999], eps: 1e-7, weight_decay: 0 },
  adam_wd: { type: 'adam', lr: 0.01, beta1: 0.8, beta2: 0.99, eps: 1e-7, weight_decay: 0.05 },
  adamw: { type: 'adamw', lr: 0.02, beta1: 0.9, beta2: 0.999, eps: 1e-7, weight_decay: 0.05 },
  amsgrad: { type: 'adamw', lr: 0.02, betas: [0.8, 0.9], eps: 1e-7, weight_decay: 0.1, amsgrad: true },
};

/** Computes a trajectory by its formula, in the form of the files. */
export function generate(formula: Formula, { steps = 5, seed = 1, tolerance, ...about }: Case): Golden {
  const [skeleton] = goldensOf('sam').filter(({ model }) => model === about.model) as [Golden];
  const batches = skeleton.data.batches!.length;
  // Adam divides by roots of gradients, also of those that are almost zero.
  const off = (tolerance ?? (/adam/.test(about.base.type) ? 2e-4 : 2e-5)) / 20;
  const golden = {
    ...skeleton,
    ...about,
    name: `${about.variant} ${about.model} ${about.base.type}`,
    hyper: about.hyper as Golden['hyper'],
    float32_rerun: { parameters: off, perturbation: off, loss_at_theta: off },
    steps: Array.from(
      { length: steps },
      (_, step): GoldenStep => ({
        step,
        batch: step % batches,
        loss_at_theta: Number.NaN,
        parameters: {},
      }),
    ),
  };
  const session = new Session(golden, uniform(seed));
  golden.steps = golden.steps.map((step, t) => {
    const { loss } = evaluate(golden, session.theta, { batch: step.batch! });
    session.advance(formula);
    return {
      ...golden.steps[t]!,
      loss_at_theta: loss,
      parameters: session.stored(session.theta),
      ...(session.buffers.length > 0 && {
        buffers: Object.fromEntries(
          Object.keys(golden.initial_buffers!).map((name, i) => [name, session.buffers[i]!]),
        ),
      }),
    };
  });
  return golden;
}

/** Uniform numbers in [0, 1): a multiplicative congruential generator, its high bits. */
function uniform(seed: number): () => number {
  let state = BigInt(seed) * 0x9e3779b97f4a7c15n + 1n;
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    return Number(state >> 40n) / 2 ** 24;
  };
}
