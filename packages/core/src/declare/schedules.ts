import { type Configured, registerFactory } from './config.js';
import { requireFinite, requireInRange, requireInteger, requirePositive } from './errors.js';

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

function configured(config: Configured['config'], schedule: (step: number) => number): ConfiguredSchedule {
  return Object.assign(schedule, { config });
}

/** Always `value`. */
export function constant(value: number): ConfiguredSchedule {
  requireFinite('constant', 'value', value);
  return configured({ name: 'constant', value }, () => value);
}

/** Progress from 0 to 1 over `steps` steps, 1 from then on. */
const progress = (step: number, steps: number) => Math.min(step / steps, 1);

/**
 * A straight line from `from` (at step 0) to `to` (at step `steps` and ever after).
 *
 * @throws RangeError when an end is not finite or `steps` is not an integer >= 1.
 */
export function linearDecay(from: number, to: number, steps: number): ConfiguredSchedule {
  checkDecay('linearDecay', from, to, steps);
  return configured(
    { name: 'linear', from, to, steps },
    (step) => from + (to - from) * progress(step, steps),
  );
}

/**
 * Half a cosine from `from` (at step 0) to `to` (at step `steps` and ever after).
 *
 *   to + (from − to) (1 + cos(π t/steps)) / 2
 *
 * @throws RangeError when an end is not finite or `steps` is not an integer >= 1.
 * @see Loshchilov and Hutter 2017, "SGDR", equation 5. https://arxiv.org/abs/1608.03983
 */
export function cosineDecay(from: number, to: number, steps: number): ConfiguredSchedule {
  checkDecay('cosineDecay', from, to, steps);
  return configured({ name: 'cosine', from, to, steps }, (step) =>
    halfCosine(from, to, progress(step, steps)),
  );
}

/**
 * `from`, multiplied by `factor` after every `every` steps.
 *
 * @throws RangeError when `from` is not finite, `factor` not in (0, 1] or `every` not an integer >= 1.
 */
export function stepDecay(from: number, factor: number, every: number): ConfiguredSchedule {
  requireFinite('stepDecay', 'from', from);
  requireInRange('stepDecay', 'factor', factor, Number.MIN_VALUE, 1, true);
  requireInteger('stepDecay', 'every', every, 1);
  return configured(
    { name: 'step', from, factor, every },
    (step) => from * factor ** Math.floor(step / every),
  );
}

/** Options of `warmupCosine`. */
export interface WarmupCosineOptions {
  /** The largest value, reached after the warm-up. */
  readonly peak: number;
  /** Steps of the warm-up, an integer >= 0. */
  readonly warmupSteps: number;
  /** Steps altogether, an integer above `warmupSteps`. */
  readonly steps: number;
  /** Value at step 0. Default 0. */
  readonly from?: number | undefined;
  /** Value at step `steps` and ever after. Default 0. */
  readonly to?: number | undefined;
}

/**
 * A straight line from `from` to `peak`, then half a cosine from `peak` to `to`.
 *
 * @throws RangeError when a value is not finite or a number of steps out of its range.
 * @see Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.2 (warm-up). https://arxiv.org/abs/1706.02677
 */
export function warmupCosine(options: WarmupCosineOptions): ConfiguredSchedule {
  const { peak, warmupSteps, steps, from = 0, to = 0 } = options;
  requireFinite('warmupCosine', 'peak', peak);
  requireInteger('warmupCosine', 'warmupSteps', warmupSteps);
  requireInteger('warmupCosine', 'steps', steps, warmupSteps + 1);
  checkDecay('warmupCosine', from, to, steps);
  const fall = cosineDecay(peak, to, steps - warmupSteps);
  const config = { name: 'warmup-cosine', peak, warmupSteps, steps, from, to };
  return configured(config, (step) =>
    step < warmupSteps ? from + ((peak - from) * step) / warmupSteps : fall(step - warmupSteps),
  );
}

/** Options of `oneCycle`. */
export interface OneCycleOptions {
  /** The largest value. */
  readonly peak: number;
  /** Steps of the cycle, an integer >= 2; its last value is that of step `steps` − 1. */
  readonly steps: number;
  /** Share of the steps that rise, in (0, 1). Default 0.3 (PyTorch's, as all below). */
  readonly rise?: number | undefined;
  /** The first value is `peak` divided by this, a number > 0. Default 25. */
  readonly startFactor?: number | undefined;
  /** The last value is the first divided by this, a number > 0. Default 1e4. */
  readonly endFactor?: number | undefined;
}

/**
 * One cycle: half a cosine up from `peak / startFactor`, half a cosine down to `peak / (startFactor · endFactor)`.
 * The values are those of PyTorch's `OneCycleLR` with two phases; the momentum is left alone.
 *
 * @throws RangeError for a number out of its range.
 * @see Smith and Topin 2019, "Super-Convergence". https://arxiv.org/abs/1708.07120
 */
export function oneCycle(options: OneCycleOptions): ConfiguredSchedule {
  const { peak, steps, rise = 0.3, startFactor = 25, endFactor = 1e4 } = options;
  requireFinite('oneCycle', 'peak', peak);
  requireInteger('oneCycle', 'steps', steps, 2);
  requireInRange('oneCycle', 'rise', rise, Number.MIN_VALUE, 1);
  requirePositive('oneCycle', 'startFactor', startFactor);
  requirePositive('oneCycle', 'endFactor', endFactor);
  const first = peak / startFactor;
  // Both phases count from their first step to their last: a short rise is empty.
  const top = Math.max(rise * steps - 1, 0);
  const config = { name: 'one-cycle', peak, steps, rise, startFactor, endFactor };
  return configured(config, (step) =>
    step < top
      ? halfCosine(first, peak, step / top)
      : halfCosine(peak, first / endFactor, Math.min((step - top) / (steps - 1 - top), 1)),
  );
}

/** Half a cosine between two values, at `part` of the way. */
function halfCosine(from: number, to: number, part: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * part))) / 2;
}

function checkDecay(owner: string, from: number, to: number, steps: number): void {
  requireFinite(owner, 'from', from);
  requireFinite(owner, 'to', to);
  requireInteger(owner, 'steps', steps, 1);
}

type Numbers = Readonly<Record<'value' | 'from' | 'to' | 'steps' | 'factor' | 'every', number>>;
const named: Readonly<Record<string, (options: Numbers) => ConfiguredSchedule>> = {
  constant: ({ value }) => constant(value),
  linear: ({ from, to, steps }) => linearDecay(from, to, steps),
  cosine: ({ from, to, steps }) => cosineDecay(from, to, steps),
  step: ({ from, factor, every }) => stepDecay(from, factor, every),
};
for (const [name, create] of Object.entries(named)) {
  registerFactory('schedule', name, (options) => create(options as Numbers));
}
registerFactory('schedule', 'warmup-cosine', (options) =>
  warmupCosine(options as unknown as WarmupCosineOptions),
);
registerFactory('schedule', 'one-cycle', (options) => oneCycle(options as unknown as OneCycleOptions));
