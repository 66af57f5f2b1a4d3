import type { ConfigOf } from '../option.js';
import { halfCosine, progress } from './curve.js';
import { ends } from './ends.js';
import { type Positional, positional } from './positional.js';

declare module '../kinds.js' {
  interface ScheduleConfigs {
    cosine: ConfigOf<typeof ends>;
  }
}

/**
 * Half a cosine from `from` (at step 0) to `to` (at step `steps` and ever after).
 *
 *   to + (from − to) (1 + cos(π t/steps)) / 2
 *
 * @throws RangeError when an end is not finite or `steps` is not an integer >= 1.
 * @see Loshchilov and Hutter 2017, "SGDR", equation 5. https://arxiv.org/abs/1608.03983
 */
export const cosineDecay: Positional<[from: number, to: number, steps: number]> = positional({
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
