import { expect, it } from 'vitest';
import { damagedStudies } from './damaged-study.js';

it.each([2, 3, 4, 5])(
  'takes no number from 500 damaged files of a study, and goes on: draw %i',
  async (seed) => {
    const { tried, failed } = await damagedStudies(500, seed);
    console.info(
      `damaged studies: tried ${tried}, survived ${tried - failed.length}, failed ${failed.length}`,
    );
    expect(failed).toEqual([]);
  },
);
