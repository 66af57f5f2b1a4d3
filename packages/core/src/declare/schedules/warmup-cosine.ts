import { requireInteger } from '../errors.js';
import { type ConfigOf, integer, number, type OptionsOf } from '../option.js';
import { definePart, type PartFunction } from '../part.js';
import { halfCosine, progress } from './curve.js';
import type { ConfiguredSchedule } from './schedule.js';

const warmup = {
  peak: number({ doc: 'The largest value, reached after the warm-up' }),
  warmupSteps: integer({ min: 0, unit: 'steps', doc: 'Steps of the warm-up' }),
  steps: integer({ min: 1, unit: 'steps', doc: 'Steps altogether, above `warmupSteps`' }),
  from: number({ default: 0, doc: 'Value at step 0' }),
  to: number({ default: 0, doc: 'Value at step `steps` and ever after' }),
};

/** Options of `warmupCosine`. */
export interface WarmupCosineOptions extends OptionsOf<typeof warmup> {}

declare module '../kinds.js' {
  interface ScheduleConfigs {
    'warmup-cosine': ConfigOf<typeof warmup>;
  }
}

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
