import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
// Below the workspace's node_modules, where a bundle finds TensorFlow.js.
const folder = mkdtempSync(join(root, 'node_modules', '.bundles-'));
afterAll(() => rmSync(folder, { recursive: true }));

const from = (name: string) => JSON.stringify(`./packages/${name}/src/index.ts`);

/** Trains on wasm, saves, restores, goes on; loads a model together with its optimizer. */
const program = `
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from ${from('backends')};
import { cosineDecay, sam, sgd } from ${from('tfjs-sam')};
import { hessian, lanczos, makeOracle, restoreState, saveState } from ${from('core')};

const { backend } = await prepareBackend();
let saved;
const memory = { save: async (artifacts) => { saved = artifacts; return {}; }, load: async () => saved };
const make = () => sam(sgd({ learningRate: 0.1, momentum: 0.9 }), { rho: cosineDecay(0.1, 0.05, 10) });
const conv = tf.layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1], activation: 'relu', kernelInitializer: tf.initializers.randomNormal({ seed: 1 }) });
const last = tf.layers.dense({ units: 2, kernelInitializer: tf.initializers.randomNormal({ seed: 2 }) });
const model = tf.sequential({ layers: [conv, tf.layers.flatten(), last] });
const first = make();
model.compile({ optimizer: first, loss: 'meanSquaredError' });
const [x, y] = [tf.randomNormal([4, 6, 6, 1], 0, 1, 'float32', 3), tf.ones([4, 2])];
await model.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });

await saveState(first, memory);
const second = make();
await restoreState(second, memory);
model.compile({ optimizer: second, loss: 'meanSquaredError' });
await model.fit(x, y, { epochs: 2, shuffle: false, verbose: 0 });

await model.save(memory, { includeOptimizer: true });
const loaded = await tf.loadLayersModel(memory);
await loaded.fit(x, y, { epochs: 1, shuffle: false, verbose: 0 });

const oracle = makeOracle(() => tf.losses.meanSquaredError(y, loaded.apply(x)), loaded.trainableWeights.map((w) => w.read()));
const { values } = await lanczos(hessian(oracle), { count: 1 });
const weights = loaded.getWeights().flatMap((w) => [...w.dataSync()]);
console.log(JSON.stringify({ backend, weights, values: [...values], config: loaded.optimizer.getConfig() }));
process.exit(0);
`;

/** Bundles the program and runs it. @param whole - Keeps every module that it reaches, as if all had effects. */
async function answerOf(whole: boolean): Promise<{ answer: unknown; bytes: number }> {
  const outdir = join(folder, String(whole));
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: root },
    conditions: ['@tfjs-sam/source'],
    ...{ bundle: true, splitting: true, format: 'esm', platform: 'node', metafile: true },
    ...{ external: ['@tensorflow/*'], ignoreAnnotations: whole, outdir, outExtension: { '.js': '.mjs' } },
  });
  const printed = execFileSync(process.execPath, [join(outdir, 'stdin.mjs')], { encoding: 'utf8' });
  const bytes = Object.values(metafile.outputs).reduce((sum, output) => sum + output.bytes, 0);
  return { answer: JSON.parse(printed.trim().split('\n').at(-1)!), bytes };
}

it('a bundle without the modules of which nothing is used trains as one with all of them', async () => {
  const [lean, whole] = [await answerOf(false), await answerOf(true)];
  expect(lean.answer).toEqual(whole.answer);
  expect(lean.answer).toMatchObject({ backend: 'wasm', config: { variant: 'sam' } });
  expect(lean.bytes).toBeLessThan(whole.bytes / 2);
}, 120_000);
