import { expect, it } from 'vitest';
import { damagedStudies } from './damaged-study.js';

it('takes no number from 2,000 damaged files of a study, and goes on after them', async () => {
  const { tried, failed } = await damagedStudies(2_000, 2);
  console.info(`damaged studies: tried ${tried}, survived ${tried - failed.length}, failed ${failed.length}`);
  expect(failed).toEqual([]);
});
