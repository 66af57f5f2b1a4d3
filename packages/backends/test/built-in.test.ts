import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { afterEach, expect, it, vi } from 'vitest';
import { COMPOSED_FACTOR, CPU_FACTOR, type Factor, startCpu, startWasm } from '../src/built-in.js';
import { prepareBackend } from '../src/index.js';

afterEach(() => vi.restoreAllMocks());

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');

/** Median milliseconds by model and side, from the gradient table of the benchmark's results. */
function gradientTable(): Map<string, Map<string, number>> {
  const [, section = ''] = /<!-- gradient: start -->(.*)<!-- gradient: end -->/s.exec(
    read('../../../bench/RESULTS.md'),
  )!;
  const models = new Map<string, Map<string, number>>();
  for (const [, model, side, ms] of section.matchAll(/^\| (\S.*?) *\| (\S.*?) *\| (\d[\d.]*) \(/gm))
    models.set(model!, (models.get(model!) ?? new Map()).set(side!, Number(ms)));
  return models;
}

/** How many times slower a side is than our kernels, for each model that both were timed on. */
function measuredFactors(side: string): number[] {
  return [...gradientTable().values()].flatMap((times) => {
    const [slow, ours] = [times.get(side), times.get('tfjs-sam kernels, FMA')];
    return slow && ours ? [slow / ours] : [];
  });
}

it.each([
  ['TensorFlow.js cpu', CPU_FACTOR],
  ['tfjs-sam kernels, composed', COMPOSED_FACTOR],
])('states a range for %s in which the benchmark lies', (side, { least, most }: Factor) => {
  const factors = measuredFactors(side);
  expect(factors.length).toBeGreaterThan(2);
  expect(Math.min(...factors)).toBeGreaterThanOrEqual(least);
  expect(Math.max(...factors)).toBeLessThanOrEqual(most);
});

it('states the same range for cpu in message and README', async () => {
  const { message } = await startCpu({}, true);
  const [range] = /[\d,]+ to [\d,]+ times slower in training than wasm/.exec(message)!;
  expect(read('../README.md')).toContain(range);
});

it.each([
  ['wasm', startWasm, /npm install @tensorflow\/tfjs-backend-wasm@4\.22\.0.*setWasmPaths/],
  ['cpu', startCpu, /npm install @tensorflow\/tfjs-backend-cpu@4\.22\.0.*npm dedupe/],
])('says what helps where %s does not start', async (name, start, remedy) => {
  vi.spyOn(console, 'warn').mockReturnValue();
  await prepareBackend({ backend: name === 'cpu' ? 'wasm' : 'cpu', log: () => {} });
  const factory = tf.findBackendFactory(name);
  tf.removeBackend(name);
  tf.registerBackend(name, () => {
    throw new Error('out of order');
  });
  await expect(start({}, true)).rejects.toThrow(remedy);
  tf.removeBackend(name);
  // Not registered at all: a TensorFlow.js of its own.
  await expect(start({}, true)).rejects.toThrow(remedy);
  tf.registerBackend(name, factory);
  await start({}, true);
});
