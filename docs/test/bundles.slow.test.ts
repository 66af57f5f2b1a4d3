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

/** A step that plain wasm has no kernel for. */
const failing = `
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { explainMissingKernels, sgd } from ${from('core')};
import { sam } from ${from('tfjs-sam')};

await tf.setBackend('wasm');
const model = tf.sequential({ layers: [tf.layers.conv2d({ filters: 1, kernelSize: 2, inputShape: [4, 4, 1], name: 'edges' })] });
const messages = [];
for (const prepare of [() => {}, EXPLAIN]) {
  prepare();
  model.compile({ optimizer: sam(sgd({ learningRate: 0.1 })), loss: 'meanSquaredError' });
  await model.fit(tf.ones([1, 4, 4, 1]), tf.ones([1, 3, 3, 1]), { verbose: 0 }).catch(({ message }) => messages.push(message));
}
console.log(JSON.stringify(messages));
`;

/** Bundles a program and runs it. @param whole - Keeps every module that it reaches, as if all had effects. */
async function answerOf(whole: boolean, contents = program): Promise<{ answer: unknown; bytes: number }> {
  const outdir = join(folder, String(whole));
  const { metafile } = await build({
    stdin: { contents, resolveDir: root },
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

it('a bundle explains missing kernels where it names the explanation', async () => {
  const [first, second] = (await answerOf(false, failing.replace('EXPLAIN', 'explainMissingKernels')))
    .answer as string[];
  // What is named is loaded, and so explains from the beginning.
  expect(second).toContain('layer "edges"');
  expect(first).toBe(second);
  const [lean] = (await answerOf(false, failing.replace('EXPLAIN', '() => {}'))).answer as string[];
  expect(lean).toMatch(/^Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'/);
}, 120_000);
