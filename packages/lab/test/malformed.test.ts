import { expect, it } from 'vitest';
import { wrongCalls } from './malformed.js';

/** The short form of `malformed.slow.test.ts`. */
it('answers wrong calls with one line and exit code 2, and leaves nothing behind', async () => {
  expect((await wrongCalls(54, 1)).failed).toEqual([]);
});
