import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Golden, goldensOf, useBackend } from '@tfjs-sam/testing/trajectories';
import { beforeAll, describe, expect, it } from 'vitest';
import { followFolder } from '../src/run.js';
import { table } from '../src/table.js';
import { describeTrajectories } from './describe-trajectories.js';

// The variants' own tests follow them on cpu as well, and the slow test does so through the table.
describeTrajectories('wasm');

describe('a folder of trajectories', () => {
  beforeAll(() => useBackend('cpu'));

  const [golden] = goldensOf('sam') as [Golden];
  const folderOf = (...files: readonly Partial<Golden>[]) => {
    const folder = mkdtempSync(join(tmpdir(), 'golden-'));
    for (const [i, file] of files.entries()) {
      const name = `case${i}`;
      writeFileSync(join(folder, `${name}.json`), JSON.stringify({ ...golden, name, ...file }));
    }
    return folder;
  };

  it('counts matches, and leaves out published defects', () => {
    const folder = folderOf({}, { role: 'quirk', hyper: { rho: 7 } as never });
    expect(followFolder(folder, table)).toEqual({ matched: 1, total: 1, quirks: 1, misses: [] });
  });

  it('says where a trajectory is left: step, variable, values', () => {
    const outcome = followFolder(folderOf({}, { hyper: { rho: 0.3 } as never }), table);
    expect(outcome).toMatchObject({ matched: 1, total: 2 });
    expect(outcome.misses.join('\n')).toMatch(
      /^case1: step 0, \S+\[\d+\]: expected \S+, got \S+ \(difference/,
    );
  });

  it('takes an unknown variant, and a hyper-parameter that is missing, for misses', () => {
    const folder = folderOf({ variant: 'other' }, { hyper: {} as never });
    expect(followFolder(folder, table).misses).toEqual([
      'case0: unknown variant "other"',
      'case1: case1: expected a number hyper.rho, got undefined',
    ]);
  });

  it('takes a setting that nobody reads for a miss', () => {
    const folder = folderOf(
      { hyper: { ...golden.hyper, gamma: 2 } as never },
      { base: { ...golden.base, centered: true } as never },
      { base: { ...golden.base, dampening: 0.5 } },
      { hyper: { ...golden.hyper, mode: false } as never },
    );
    expect(followFolder(folder, table).misses).toEqual([
      'case0: case0: expected hyper-parameters of sam, got hyper.gamma = 2',
      `case1: case1: expected settings of a base of type "${golden.base.type}", got base.centered = true`,
      'case2: golden: expected a base without dampening, got 0.5',
    ]);
  });

  it('refuses a folder or a pattern without any', () => {
    expect(() => followFolder(folderOf({}), table, /nothing/)).toThrow(/expected trajectories in/);
  });
});
