import type { Sampler } from '../algebra/random.js';
import { code, integer, number, oneOf, part, schedule } from '../declare/option.js';

/**
 * The radius ρ of a perturbation, as every variant has it.
 *
 * @param spec - Its default; its unit where it is not the metric's.
 */
/*#__NO_SIDE_EFFECTS__*/
export function radius({
  default: value,
  unit,
  doc,
}: {
  readonly default: number;
  readonly unit?: string;
  readonly doc?: string;
}) {
  return schedule({
    default: value,
    doc: doc ?? "Radius ρ in the metric's norm",
    role: 'radius',
    ...(unit !== undefined && { unit }),
  });
}

/** The parts of a perturbation: spread them into a variant's options. */
export const perturbationOptions = {
  metric: part('metric', {
    optional: "the variant's own",
    doc: 'The measure of the neighbourhood, or a whole ascent step for balls without a metric',
  }),
  filter: part('filter', { optional: 'all', doc: 'The choice of the coordinates that move' }),
  ascent: part('ascent', { optional: 'the gradient', doc: 'The direction that is climbed along' }),
};

/** The parts of a two-pass rule: spread them into a variant's options. */
export const strategyOptions = {
  ...perturbationOptions,
  objective: oneOf(['ascent', 'descent'], { default: 'descent', doc: 'The objective that is climbed' }),
  combine: part('combiner', { optional: 'the perturbed gradient', doc: 'The direction that is descended' }),
};

/** The seed of a strategy's random draws, and a function that may take its place. */
/*#__NO_SIDE_EFFECTS__*/
export function drawOptions({ of, note }: { readonly of: string; readonly note: string }) {
  return {
    seed: integer({ default: 0, doc: `Seed of the ${of}` }),
    sampler: code<Sampler>()({
      expected: 'a function (shapes, step, index) => vector',
      optional: 'the seed',
      doc: `Draws the ${of} in place of the seed; ${note}`,
    }),
  };
}

/** The decay of a moving average. */
/*#__NO_SIDE_EFFECTS__*/
export function averageDecay({ default: value, of }: { readonly default: number; readonly of: string }) {
  return number({ min: 0, below: 1, default: value, doc: `Decay of the ${of}` });
}
