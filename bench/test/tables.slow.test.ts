import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findTorch } from '../src/gradient/torch.js';
import { tables } from '../src/tables.js';
import { expectRectangle, spread, tinyRuns } from './tiny.js';

const settings = tinyRuns();

it('the command line tells a mistake in one line, with exit code 2', () => {
  const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
  for (const args of [['gradient', '--only', 'nosuch'], ['gradient', '--scale', '0'], ['nosuch']]) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args, '--no-write']);
    expect(status, args.join(' ')).toBe(2);
    expect(stdout.toString()).toBe('');
    expect(stderr.toString()).toMatch(/^.*expected.*got.*\n$|^error: .*\n$/i);
  }
});

describe.concurrent('the tables, tiny', { timeout: 180_000 }, () => {
  it('gradient: every side that is here trains the MLP and computes the same', async () => {
    const table = await tables.gradient(settings({ models: ['MLP b8'] }));
    expectRectangle(table, 8);
    const torch = findTorch();
    for (const [model, side, time, ratio] of table.rows) {
      expect(model).toBe('MLP b8');
      if (side!.startsWith('PyTorch') && !torch) expect(time).toBe('not installed');
      else expect(time, side).toMatch(spread);
      if (torch && !torch.referenceBlas) expect(ratio, side).toMatch(spread);
      else expect(ratio).toBe('');
    }
  });

  it('threads: one, two, and two processes at once', async () => {
    const table = await tables.threads(
      settings({
        models: ['MLP b8'],
        only: ['1 thread', '2 threads', '2 processes of 1 thread, time ÷ 2', 'PyTorch, 2 threads'],
      }),
    );
    expectRectangle(table, 4);
    const torch = findTorch();
    for (const [, side, time, ratio, overBound, overTorch] of table.rows) {
      const isTorch = side!.startsWith('PyTorch');
      if (isTorch && !torch) {
        expect(time).toBe('not installed');
        continue;
      }
      expect(time, side).toMatch(spread);
      // PyTorch's own time on one thread was not asked for.
      if (!isTorch) expect(ratio, side).toMatch(spread);
      if (side === '2 threads') expect(overBound, side).toMatch(spread);
      else expect(overBound, side).toBe('');
      if (torch && !torch.referenceBlas && side !== '1 thread') expect(overTorch, side).toMatch(spread);
    }
  });

  it('parallel: with a worker, and with threads inside', async () => {
    // Workers are programs of the packages, which a bundle does not hold.
    const program = fileURLToPath(new URL('../dist/child.js', import.meta.url));
    const table = await tables.parallel({ ...settings({ models: ['MLP b8'] }), program });
    expectRectangle(table, 8);
    for (const [, side, ...cells] of table.rows) {
      // Steps on one thread are not bounded by two.
      const bounded = !/1 thread|twice/.test(side!);
      for (const cell of cells.slice(0, bounded ? 4 : 3)) expect(cell, side).toMatch(spread);
      expect(cells).toHaveLength(4);
    }
  });

  it('training: by fit, in a loop, and in PyTorch where it is', async () => {
    const table = await tables.training(settings({ models: ['LeNet b64'] }));
    expectRectangle(table, 8);
    const torch = findTorch();
    for (const [, side, seconds, ratio] of table.rows) {
      if (side!.endsWith('PyTorch') && !torch) expect(seconds).toBe('not installed');
      else expect(seconds, side).toMatch(spread);
      if (torch && !torch.referenceBlas) expect(ratio, side).toMatch(spread);
      else expect(ratio).toBe('');
    }
  });

  it('gpu: says what is missing, or times it', async () => {
    const table = await tables.gpu(settings({ models: ['MLP b128'] }));
    expectRectangle(table, 3);
    for (const [, side, device, time] of table.rows) {
      expect(device).not.toBe('');
      if (time !== '') expect(time, side).toMatch(spread);
    }
  });

  it('variants: counts the evaluations of a step, also of one that looks at examples', async () => {
    const table = await tables.variants(settings({ models: ['MLP b128'], only: ['msam', 'rw-sam'] }));
    expectRectangle(table, 2);
    for (const [name, evaluated] of [
      ['rw-sam', '1.00'],
      ['msam', '0.00'],
    ]) {
      const [model, variant, gradients, values, ...ratios] = table.rows.find((row) => row[1] === name)!;
      expect([model, variant, gradients, values]).toEqual(['MLP b128', name, '2.00', evaluated]);
      for (const cell of ratios) expect(cell).toMatch(spread);
    }
  });

  it('memory: SAM holds more than SGD, and nothing is left behind', async () => {
    const table = await tables.memory(settings({ models: ['MLP b128'], only: ['sgd', 'sam'] }));
    expectRectangle(table, 2);
    const column = (name: string) => table.rows.map((row) => row[table.columns.indexOf(name)]!);
    const [sgd, sam] = column('peak of tensors').map(Number) as [number, number];
    expect(sam).toBeGreaterThan(sgd);
    expect(column('tensors left behind')).toEqual(['0', '0']);
  });

  it('scaling', async () => {
    const table = await tables.scaling(settings({ only: ['variables 8', 'width 32'] }));
    expectRectangle(table, 2);
    expect(table.rows.map((row) => row.slice(1, 4))).toEqual([
      ['8', '8', '262144'],
      ['32', '6', '25818'],
    ]);
    for (const row of table.rows) for (const cell of row.slice(4)) expect(cell).toMatch(spread);
  });
});
