import type { Configured } from './config.js';
import { requireInteger } from './errors.js';
import { type ConfigOf, integer, number, type OptionsOf } from './option.js';
import { type Declaring, declared, definePart, type PartFunction } from './part.js';

/** A number, or a number for every step (counted from 0). */
export type Schedule = number | ((step: number) => number);

/** A schedule that knows its own configuration, so that an optimizer that uses it can be saved. */
export type ConfiguredSchedule = ((step: number) => number) & Configured;

/** The schedule's value at a step. */
export function valueAt(schedule: Schedule, step: number): number {
  return typeof schedule === 'number' ? schedule : schedule(step);
}

/**
 * As `valueAt`, for what must not be negative: a radius, a learning rate, a weight.
 *
 * @param owner - Whose option it is, and
 * @param name - what it is called, for the message.
 * @throws RangeError that names the step where the schedule leaves the range.
 */
export function nonNegativeAt(owner: string, name: string, schedule: Schedule, step: number): number {
  const value = valueAt(schedule, step);
  if (Number.isFinite(value) && value >= 0) return value;
  throw new RangeError(
    `${owner}: expected ${name} to be a finite number >= 0, got ${value} from its schedule at step ${step}`,
  );
}

/** A schedule's function, called with its options in order. */
type Positional<Arguments extends unknown[]> = ((...args: Arguments) => ConfiguredSchedule) &
  Declaring<'schedule'>;

const always = { value: number({ doc: 'The value at every step' }) };

const ends = {
  from: number({ doc: 'Value at step 0' }),
  to: number({ doc: 'Value at step `steps` and ever after' }),
  steps: integer({ min: 1, unit: 'steps', doc: 'Steps from one to the other' }),
};

const stairs = {
  from: ends.from,
  factor: number({ above: 0, max: 1, doc: 'What the value is multiplied by' }),
  every: integer({ min: 1, unit: 'steps', doc: 'Steps between two multiplications' }),
};

const warmup = {
  peak: number({ doc: 'The largest value, reached after the warm-up' }),
  warmupSteps: integer({ min: 0, unit: 'steps', doc: 'Steps of the warm-up' }),
  steps: integer({ min: 1, unit: 'steps', doc: 'Steps altogether, above `warmupSteps`' }),
  from: number({ default: 0, doc: 'Value at step 0' }),
  to: number({ default: 0, doc: 'Value at step `steps` and ever after' }),
};

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

/** Options of `warmupCosine`. */
export interface WarmupCosineOptions extends OptionsOf<typeof warmup> {}

/** Options of `oneCycle`. */
export interface OneCycleOptions extends OptionsOf<typeof cycle> {}

declare module './kinds.js' {
  interface ScheduleConfigs {
    constant: ConfigOf<typeof always>;
    linear: ConfigOf<typeof ends>;
    cosine: ConfigOf<typeof ends>;
    step: ConfigOf<typeof stairs>;
    'warmup-cosine': ConfigOf<typeof warmup>;
    'one-cycle': ConfigOf<typeof cycle>;
  }
}

/** Progress from 0 to 1 over `steps` steps, 1 from then on. */
const progress = (step: number, steps: number) => Math.min(step / steps, 1);

const constantSchedule = definePart({
  kind: 'schedule',
  name: 'constant',
  owner: 'constant',
  doc: 'The same value at every step',
  options: always,
  create:
    ({ value }) =>
    () =>
      value,
});

/** Always `value`. */
export const constant: Positional<[value: number]> = declared(constantSchedule.part, (value: number) =>
  constantSchedule({ value }),
);

const linearSchedule = definePart({
  kind: 'schedule',
  name: 'linear',
  owner: 'linearDecay',
  doc: 'A straight line between two values',
  options: ends,
  create:
    ({ from, to, steps }) =>
    (step: number) =>
      from + (to - from) * progress(step, steps),
});

/**
 * A straight line from `from` (at step 0) to `to` (at step `steps` and ever after).
 *
 * @throws RangeError when an end is not finite or `steps` is not an integer >= 1.
 */
export const linearDecay: Positional<[from: number, to: number, steps: number]> = declared(
  linearSchedule.part,
  (from: number, to: number, steps: number) => linearSchedule({ from, to, steps }),
);

const cosineSchedule = definePart({
  kind: 'schedule',
  name: 'cosine',
  owner: 'cosineDecay',
  doc: 'Half a cosine between two values',
  source: 'Loshchilov and Hutter 2017, arXiv 1608.03983',
  options: ends,
  create:
    ({ from, to, steps }) =>
    (step: number) =>
      halfCosine(from, to, progress(step, steps)),
});

/**
 * Half a cosine from `from` (at step 0) to `to` (at step `steps` and ever after).
 *
 *   to + (from − to) (1 + cos(π t/steps)) / 2
 *
 * @throws RangeError when an end is not finite or `steps` is not an integer >= 1.
 * @see Loshchilov and Hutter 2017, "SGDR", equation 5. https://arxiv.org/abs/1608.03983
 */
export const cosineDecay: Positional<[from: number, to: number, steps: number]> = declared(
  cosineSchedule.part,
  (from: number, to: number, steps: number) => cosineSchedule({ from, to, steps }),
);

const stepSchedule = definePart({
  kind: 'schedule',
  name: 'step',
  owner: 'stepDecay',
  doc: 'A value multiplied by a factor every so many steps',
  options: stairs,
  create:
    ({ from, factor, every }) =>
    (step: number) =>
      from * factor ** Math.floor(step / every),
});

/**
 * `from`, multiplied by `factor` after every `every` steps.
 *
 * @throws RangeError when `from` is not finite, `factor` not in (0, 1] or `every` not an integer >= 1.
 */
export const stepDecay: Positional<[from: number, factor: number, every: number]> = declared(
  stepSchedule.part,
  (from: number, factor: number, every: number) => stepSchedule({ from, factor, every }),
);

/**
 * A straight line from `from` to `peak`, then half a cosine from `peak` to `to`.
 *
 * @throws RangeError when a value is not finite or a number of steps out of its range.
 * @see Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.2 (warm-up). https://arxiv.org/abs/1706.02677
 */
export const warmupCosine: PartFunction<WarmupCosineOptions, ConfiguredSchedule, 'schedule'> = definePart({
  kind: 'schedule',
  name: 'warmup-cosine',
  owner: 'warmupCosine',
  doc: 'A straight line up, then half a cosine down',
  source: 'Goyal et al. 2017, arXiv 1706.02677',
  options: warmup,
  create: ({ peak, warmupSteps, steps, from, to }) => {
    requireInteger('warmupCosine', 'steps', steps, warmupSteps + 1);
    const fall = (step: number) => halfCosine(peak, to, progress(step, steps - warmupSteps));
    return (step: number) =>
      step < warmupSteps ? from + ((peak - from) * step) / warmupSteps : fall(step - warmupSteps);
  },
});

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

/** Half a cosine between two values, at `part` of the way. */
function halfCosine(from: number, to: number, part: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
}
