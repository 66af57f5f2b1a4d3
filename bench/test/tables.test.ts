import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Table } from '../src/results.js';
import type { Settings } from '../src/settings.js';
import { tables } from '../src/tables.js';
import { bundleChild, removeChild } from './bundle-child.js';

const number = '\\d+\\.\\d+';
const spread = new RegExp(`^-?${number} \\(-?${number}–-?${number}\\)$`);

let program: string;
beforeAll(async () => {
  program = await bundleChild();
}, 60_000);
afterAll(removeChild);

/** The smallest run of the real thing: child processes from the sources, a few rounds. */
const settings = (rest: Partial<Settings>): Settings => ({
  scale: 0.001,
  repetitions: 1,
  slow: false,
  program,
  ...rest,
});

function expectRectangle({ columns, rows }: Table, height: number): void {
  expect(rows).toHaveLength(height);
  for (const row of rows) expect(row).toHaveLength(columns.length);
}

describe.concurrent('the tables, tiny', { timeout: 180_000 }, () => {
  it('gradient: names the kernel that stock TensorFlow.js lacks', async () => {
    const table = await tables.gradient(settings({ models: ['ResNet-20-like b32'], only: ['stock'] }));
    expect(table.rows).toEqual([
      ['ResNet-20-like b32', expect.any(String), 'cannot train it: no kernel Conv2DBackpropFilter', ''],
    ]);
  });

  it('overhead', async () => {
    const table = await tables.overhead(settings({ models: ['MLP b8'] }));
    expectRectangle(table, 1);
    for (const cell of table.rows[0]!.slice(1)) expect(cell).toMatch(spread);
  });
});
