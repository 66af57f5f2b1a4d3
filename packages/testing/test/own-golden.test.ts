import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharpnessAware } from '@tfjs-sam/core';
import { afterAll, describe, expect, it } from 'vitest';
import { describeGolden, goldenFolder, goldensOf } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-golden-'));
afterAll(() => rmSync(folder, { recursive: true }));
copyFileSync(join(goldenFolder, 'sam__mlp__default__sgd.json'), join(folder, 'my_sam__mlp.json'));

describeGolden({
  variant: 'my_sam',
  folder,
  create: (base, { hyper }) => sharpnessAware(base, { rho: hyper.rho }),
});

describe('goldensOf', () => {
  it("reads a variant's files of a folder, and says where it found none", () => {
    expect(goldensOf('my_sam', folder).map(({ name }) => name)).toEqual(['sam__mlp__default__sgd']);
    expect(readdirSync(folder)).toEqual(['my_sam__mlp.json']);
    expect(() => goldensOf('sam', folder)).toThrow(/expected files sam__….json in .*tfjs-sam-golden/);
  });
});
