import { describe, expect, it } from 'vitest';
import { tables } from '../src/tables.js';
import { expectRectangle, spread, tinyRuns } from './tiny.js';

const settings = tinyRuns();

describe.concurrent('the tables, tiny', { timeout: 180_000 }, () => {
  it('gradient: names the kernel that stock TensorFlow.js lacks', async () => {
    const table = await tables.gradient(settings({ models: ['ResNet-20-like b32'], only: ['stock'] }));
    expect(table.rows).toEqual([
      ['ResNet-20-like b32', expect.any(String), 'cannot train it: no kernel Conv2DBackpropFilter', ''],
    ]);
  });

  it('refuses a side that no table has, and says which there are', async () => {
    await expect(tables.gradient(settings({ only: ['fma', 'nope'] }))).rejects.toThrow(
      /expected some of \[torch, peak, fma, .*\], got "nope"/,
    );
    await expect(tables.scaling(settings({ only: ['width 33'] }))).rejects.toThrow(/width 32, .*"width 33"/);
  });

  it('overhead', async () => {
    const table = await tables.overhead(settings({ models: ['MLP b8'] }));
    expectRectangle(table, 1);
    for (const cell of table.rows[0]!.slice(1)) expect(cell).toMatch(spread);
  });
});
