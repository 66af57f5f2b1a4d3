import { type ConfigOf, number } from '../option.js';
import { type Positional, positional } from './positional.js';

const always = { value: number({ doc: 'The value at every step' }) };

declare module '../kinds.js' {
  interface ScheduleConfigs {
    constant: ConfigOf<typeof always>;
  }
}

/** Always `value`. */
export const constant: Positional<[value: number]> = positional({
  name: 'constant',
  owner: 'constant',
  doc: 'The same value at every step',
  options: always,
  create:
    ({ value }) =>
    () =>
      value,
});
