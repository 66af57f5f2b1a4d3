import '@tensorflow/tfjs';
import { seededSampler } from '@tfjs-sam/core';
import { describe, expect, it } from 'vitest';
import { philox } from '../src/algebra/philox.js';

const SIZE = 200_000;

function draw(distribution: 'gaussian' | 'rademacher' | 'uniform', step = 0, index = 0): Float32Array {
  const [tensor] = seededSampler(distribution, 7)([[SIZE]], step, index);
  const values = tensor!.dataSync() as Float32Array;
  tensor!.dispose();
  return values;
}

const moment = (values: Float32Array, power: number) =>
  values.reduce((sum, value) => sum + value ** power, 0) / values.length;

describe('Philox4x32-10', () => {
  // The known answers of its authors' library, Random123.
  it.each([
    [
      [0, 0, 0, 0],
      [0, 0],
      [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8],
    ],
    [
      [0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd],
    ],
    [
      [0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344],
      [0xa4093822, 0x299f31d0],
      [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1],
    ],
  ])('of counter %j and key %j', (counter, [key0, key1], words) => {
    const state = Uint32Array.from(counter);
    philox(state, key0! | 0, key1! | 0);
    expect([...state]).toEqual(words);
  });
});

describe('seededSampler', () => {
  // Five standard errors of each moment: a right generator fails once in two million seeds, and the seed is fixed.
  const within = (variance: number) => 5 * Math.sqrt(variance / SIZE);

  it('draws normals with the right first four moments', () => {
    const values = draw('gaussian');
    expect(Math.abs(moment(values, 1))).toBeLessThan(within(1));
    expect(Math.abs(moment(values, 2) - 1)).toBeLessThan(within(2));
    expect(Math.abs(moment(values, 3))).toBeLessThan(within(15));
    expect(Math.abs(moment(values, 4) - 3)).toBeLessThan(within(96));
  });

  it('draws signs, both equally often and independent of their neighbours', () => {
    const values = draw('rademacher');
    expect(new Set(values)).toEqual(new Set([-1, 1]));
    expect(Math.abs(moment(values, 1))).toBeLessThan(within(1));
    const neighbours = values.slice(1).map((value, i) => value * values[i]!);
    expect(Math.abs(moment(neighbours, 1))).toBeLessThan(within(1));
  });

  it('draws uniforms in [0, 1)', () => {
    const values = draw('uniform');
    expect(Math.min(...values.slice(0, 1000))).toBeGreaterThanOrEqual(0);
    expect(values.every((value) => value < 1)).toBe(true);
    expect(Math.abs(moment(values, 1) - 0.5)).toBeLessThan(within(1 / 12));
    expect(Math.abs(moment(values, 2) - 1 / 3)).toBeLessThan(within(4 / 45));
  });

  it('draws normals of tails as a normal has them, by the transform in float64', () => {
    const values = draw('gaussian');
    const beyond = values.filter((value) => Math.abs(value) > 3).length / SIZE;
    expect(Math.abs(beyond - 0.0026998)).toBeLessThan(5 * Math.sqrt(0.0027 / SIZE));
    expect(Math.max(...values.subarray(0, 100_000))).toBeGreaterThan(3.5);
    // A place's first normal from its words: two units in the last place of float32.
    const words = Uint32Array.of(0, 0, 0, 0);
    philox(words, 7, 0);
    const u = (2 * (words[0]! >>> 9) + 1) / 2 ** 24;
    const turn = ((words[1]! >>> 30) * Math.PI) / 2 + ((words[1]! << 2) / 2 ** 31) * (Math.PI / 4);
    expect(values[0]!).toBeCloseTo(Math.sqrt(-2 * Math.log(u)) * Math.cos(turn), 6);
    expect(values[4]!).toBeCloseTo(Math.sqrt(-2 * Math.log(u)) * Math.sin(turn), 6);
  });

  it('depends on seed, step and index, and on nothing else', () => {
    expect(draw('gaussian', 3, 1)).toEqual(draw('gaussian', 3, 1));
    expect(draw('gaussian', 3, 1)).not.toEqual(draw('gaussian', 3, 2));
    expect(draw('gaussian', 3, 1)).not.toEqual(draw('gaussian', 4, 1));
    const correlation = draw('gaussian', 3).map((value, i) => value * draw3[i]!);
    expect(Math.abs(moment(correlation, 1))).toBeLessThan(within(1));
  });

  const draw3 = draw('gaussian', 4);
});
