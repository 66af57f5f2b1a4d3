import { type ConfigOf, integer, number, type OptionsOf } from '../option.js';
import { definePart, type PartFunction } from '../part.js';
import { halfCosine } from './curve.js';
import type { ConfiguredSchedule } from './schedule.js';

const cycle = {
  peak: number({ doc: 'The largest value' }),
  steps: integer({
    min: 2,
    unit: 'steps',
    doc: 'Steps of the cycle; its last value is that of step `steps` − 1',
  }),
  rise: number({
    above: 0,
    below: 1,
    default: 0.3,
    doc: "Share of the steps that rise; the defaults are PyTorch's",
  }),
  startFactor: number({ above: 0, default: 25, doc: 'The first value is `peak` divided by this' }),
  endFactor: number({ above: 0, default: 1e4, doc: 'The last value is the first divided by this' }),
};

/** Options of `oneCycle`. */
export interface OneCycleOptions extends OptionsOf<typeof cycle> {}

declare module '../kinds.js' {
  interface ScheduleConfigs {
    'one-cycle': ConfigOf<typeof cycle>;
  }
}

/**
 * One cycle: half a cosine up from `peak / startFactor`, half a cosine down to `peak / (startFactor · endFactor)`.
 * The values are those of PyTorch's `OneCycleLR` with two phases; the momentum is left alone.
 *
 * @throws RangeError for a number out of its range.
 * @see Smith and Topin 2019, "Super-Convergence". https://arxiv.org/abs/1708.07120
 */
export const oneCycle: PartFunction<OneCycleOptions, ConfiguredSchedule, 'schedule'> = definePart({
  kind: 'schedule',
  name: 'one-cycle',
  owner: 'oneCycle',
  doc: 'Half a cosine up, half a cosine down',
  source: 'Smith and Topin 2019, arXiv 1708.07120',
  options: cycle,
  create: ({ peak, steps, rise, startFactor, endFactor }) => {
    const first = peak / startFactor;
    // Both phases count from their first step to their last: a short rise is empty.
    const top = Math.max(rise * steps - 1, 0);
    return (step: number) =>
      step < top
        ? halfCosine(first, peak, step / top)
        : halfCosine(peak, first / endFactor, Math.min((step - top) / (steps - 1 - top), 1));
  },
});
