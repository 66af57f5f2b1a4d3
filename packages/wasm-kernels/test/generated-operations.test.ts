import { expect, it } from 'vitest';
import { expectLikeCpu, random } from './compare.js';
import { onEveryImplementation } from './implementations.js';
import { operations } from './operations.js';
import { wholeNumbers } from './random.js';

onEveryImplementation('operations of generated shapes', () => {
  it.each(Object.entries(operations))('%s has the values and gradients of cpu', async (_name, draw) => {
    const pick = wholeNumbers(51);
    const withOnes = new Set<boolean>();
    for (let i = 0; i < 30; i++) {
      const { label, shapes, terms, f } = draw(pick, i % 5 ? 23 : 3);
      const inputs = Object.values(shapes).map((shape, j) => random(10 * i + j, shape));
      await expectLikeCpu(label, inputs, terms, f);
      withOnes.add(Object.values(shapes).some((shape) => shape.includes(1)));
    }
    expect(withOnes.size).toBe(2);
  });
});
