import { afterAll, beforeAll, expect } from 'vitest';
import type { Table } from '../src/results.js';
import type { Settings } from '../src/settings.js';
import { bundleChild, removeChild } from './bundle-child.js';

const number = '\\d+\\.\\d+';
/** A median with its quartiles. */
export const spread = new RegExp(`^-?${number} \\(-?${number}–-?${number}\\)$`);

/**
 * Bundles the child processes' program before the tests of a file, and removes it after them.
 *
 * @returns The settings of the smallest run of the real thing: child processes from the sources, a few rounds.
 */
export function tinyRuns(): (rest: Partial<Settings>) => Settings {
  let program: string;
  beforeAll(async () => {
    program = await bundleChild();
  }, 60_000);
  afterAll(removeChild);
  return (rest) => ({ scale: 0.001, repetitions: 1, slow: false, program, ...rest });
}

export function expectRectangle({ columns, rows }: Table, height: number): void {
  expect(rows).toHaveLength(height);
  for (const row of rows) expect(row).toHaveLength(columns.length);
}
