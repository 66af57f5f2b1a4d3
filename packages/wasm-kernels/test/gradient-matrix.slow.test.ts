import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { registerTrainingKernels, unregisterTrainingKernels } from '../src/index.js';
import { differentiable } from './differentiable.js';
import { check, type Verdict } from './gradient-check.js';

type Verdicts = ReadonlyMap<string, { first: Verdict; second: Verdict }>;

const marks: Record<Verdict, string> = { right: '✓', wrong: '**wrong**', throws: '—' };
const page = fileURLToPath(new URL('../GRADIENTS.md', import.meta.url));

/** The verdicts on a backend, which is the active one afterwards. */
async function verdictsOn(backend: string): Promise<Verdicts> {
  await tf.setBackend(backend);
  return new Map(differentiable.map((operation) => [operation.name, check(operation)]));
}

function rowOf(name: string, columns: readonly Verdicts[]): string {
  const cells = columns.map((verdicts) => {
    const { first, second } = verdicts.get(name)!;
    return first === second ? marks[first] : `${marks[first]} / ${marks[second]}`;
  });
  return `| ${name} | ${cells.join(' | ')} |`;
}

const intro = `# Gradients of TensorFlow.js's operations, measured

Every differentiable operation that TensorFlow.js 4.22 has a place for, its gradient and the gradient of its gradient, each
against differences of fourth order along three random directions. "✓": both are right; "✓ / —": the first is right, the second
throws; **wrong**: numbers come out, and they are not the derivative. The first two columns are TensorFlow.js alone, the
others are it after \`registerTrainingKernels()\`, which also repairs gradients of other backends.

Written by \`npm run test:slow -- packages/wasm-kernels/test/gradient-matrix.slow.test.ts -u\`; checked at every change.

`;

/** Whose forward pass is wrong on cpu, so that no gradient can be right: see the README. */
const wrongForward = ['matMul, transposed and broadcast', 'tensorScatterUpdate'];

it('finds every gradient against differences', async () => {
  await tf.setBackend('wasm');
  unregisterTrainingKernels();
  const stock = [await verdictsOn('cpu'), await verdictsOn('wasm')];
  await registerTrainingKernels();
  const ours = [await verdictsOn('cpu'), await verdictsOn('wasm')];
  await registerTrainingKernels({ implementation: 'composed' });
  ours.push(await verdictsOn('wasm'));
  const rows = differentiable.map(({ name }) => rowOf(name, [...stock, ...ours]));
  const header = [
    '| operation | cpu alone | wasm alone | cpu | wasm | wasm, composed |',
    '| --- | --- | --- | --- | --- | --- |',
  ];
  const wrong = ours.flatMap((verdicts, i) =>
    [...verdicts].filter(
      ([name, { first }]) => first === 'wrong' && !(i === 0 && wrongForward.includes(name)),
    ),
  );
  expect(wrong).toEqual([]);
  await expect(`${intro}${[...header, ...rows].join('\n')}\n`).toMatchFileSnapshot(page);
});
