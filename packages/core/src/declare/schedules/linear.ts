import type { ConfigOf } from '../option.js';
import { progress } from './curve.js';
import { ends } from './ends.js';
import { type Positional, positional } from './positional.js';

declare module '../kinds.js' {
  interface ScheduleConfigs {
    linear: ConfigOf<typeof ends>;
  }
}

/**
 * A straight line from `from` (at step 0) to `to` (at step `steps` and ever after).
 *
 * @throws RangeError when an end is not finite or `steps` is not an integer >= 1.
 */
export const linearDecay: Positional<[from: number, to: number, steps: number]> = positional({
  name: 'linear',
  owner: 'linearDecay',
  doc: 'A straight line between two values',
  options: ends,
  create:
    ({ from, to, steps }) =>
    (step: number) =>
      from + (to - from) * progress(step, steps),
});
