import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BackendName,
  describeMiss,
  followGolden,
  goldenFolder,
  readGolden,
  useBackend,
} from '@tfjs-sam/testing/trajectories';
import { beforeAll, describe, expect, it } from 'vitest';
import { table } from '../src/table.js';

const goldens = readdirSync(goldenFolder)
  .filter((file) => file.endsWith('.json'))
  .map((file) => readGolden(join(goldenFolder, file)))
  .filter(({ role }) => role !== 'quirk');

/** Follows every trajectory of the fixtures through the table of variants and hyper-parameters. */
export function describeTrajectories(backend: BackendName): void {
  describe(`every trajectory is followed on ${backend}`, () => {
    beforeAll(() => useBackend(backend));

    it.each(goldens.map((golden) => [golden.name, golden] as const))('%s', (_name, golden) => {
      expect(followGolden(golden, table[golden.variant]!, true).map(describeMiss)).toEqual([]);
    });
  });
}
