import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { tables } from '../src/tables.js';

// The child processes are those that are built: a study hashes the code of its packages where they lie.
const program = fileURLToPath(new URL('../dist/child.js', import.meta.url));

it('studies: trainings by hand and as a study, and many trials, with the command line as it is built', async () => {
  const settings = { scale: 0.02, repetitions: 1, slow: false, program };
  const { columns, rows } = await tables.studies(settings);
  expect(rows.map(([what]) => what)).toEqual([
    '6 trainings, in turn with the next line, in one process',
    'the same as a study, in the same process',
    "6 trainings in a loop of one's own",
    'the same as a study, one process',
    'the same, two processes',
    'a study of 200 trials, expanded',
    'the report of 20 finished trials',
  ]);
  for (const row of rows) expect(row).toHaveLength(columns.length);
  expect(rows[1]![2]).toMatch(/^\d+\.\d{3} \(.*\) × the time$/);
});
