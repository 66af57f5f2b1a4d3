import { integer, number } from '../option.js';

/** Options of a schedule that goes from one value to another. */
export const ends = {
  from: number({ doc: 'Value at step 0' }),
  to: number({ doc: 'Value at step `steps` and ever after' }),
  steps: integer({ min: 1, unit: 'steps', doc: 'Steps from one to the other' }),
};
