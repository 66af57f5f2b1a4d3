import { expect, it } from 'vitest';
import { damagedStudies } from './damaged-study.js';

/** The short form of `damaged-study.slow.test.ts`. */
it('takes no number from a damaged file of a study', async () => {
  expect((await damagedStudies(27, 1)).failed).toEqual([]);
});
