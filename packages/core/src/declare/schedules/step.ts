import { type ConfigOf, integer, number } from '../option.js';
import { ends } from './ends.js';
import { type Positional, positional } from './positional.js';

const stairs = {
  from: ends.from,
  factor: number({ above: 0, max: 1, doc: 'Factor of each multiplication' }),
  every: integer({ min: 1, unit: 'steps', doc: 'Steps between two multiplications' }),
};

declare module '../kinds.js' {
  interface ScheduleConfigs {
    step: ConfigOf<typeof stairs>;
  }
}

/**
 * `from`, multiplied by `factor` after every `every` steps.
 *
 * @throws RangeError when `from` is not finite, `factor` not in (0, 1] or `every` not an integer >= 1.
 */
export const stepDecay: Positional<[from: number, factor: number, every: number]> = positional({
  name: 'step',
  owner: 'stepDecay',
  doc: 'A value multiplied by a factor every so many steps',
  options: stairs,
  create:
    ({ from, factor, every }) =>
    (step: number) =>
      from * factor ** Math.floor(step / every),
});
