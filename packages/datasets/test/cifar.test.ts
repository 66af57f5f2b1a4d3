import { readCifar } from '@tfjs-sam/datasets';
import { describe, expect, it } from 'vitest';

/** A record whose red, green and blue are constants. */
const record = (labels: number[], [red, green, blue]: [number, number, number]): Uint8Array =>
  Uint8Array.from([...labels, ...[red, green, blue].flatMap((value) => new Array<number>(1024).fill(value))]);

describe('readCifar', () => {
  it('interleaves the colours and takes the fine label', () => {
    const ten = readCifar(Buffer.concat([record([3], [1, 2, 3]), record([9], [4, 5, 6])]), 'cifar-10');
    expect([...ten.classes]).toEqual([3, 9]);
    expect([...ten.pixels.subarray(0, 6)]).toEqual([1, 2, 3, 1, 2, 3]);
    expect([...ten.pixels.subarray(3072, 3075)]).toEqual([4, 5, 6]);
    expect(ten.shape).toEqual([32, 32, 3]);
    const hundred = readCifar(record([4, 77], [1, 2, 3]), 'cifar-100');
    expect([...hundred.classes]).toEqual([77]);
  });

  it('refuses what is no such file', () => {
    expect(() => readCifar(new Uint8Array(3074), 'cifar-10')).toThrow(/records of 3073 bytes, got 3074/);
    expect(() => readCifar(record([10], [0, 0, 0]), 'cifar-10')).toThrow(/labels below 10, got 10/);
  });
});
