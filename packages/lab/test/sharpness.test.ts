import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import * as tf from '@tensorflow/tfjs';
import { fileSystem } from '@tfjs-sam/core/node';
import { spectrumOptions, worstCaseOptions } from '@tfjs-sam/sharpness';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loadRegistry } from '../src/parts/load.js';
import { main } from '../src/program.js';

const folder = mkdtempSync(join(tmpdir(), 'tfjs-sam-sharpness-'));
const saved = join(folder, 'model');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A stream that remembers. */
function sink() {
  let text = '';
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      text += chunk;
      done();
    },
  });
  return { stream, text: () => text };
}

async function run(...args: string[]) {
  const [out, err] = [sink(), sink()];
  const code = await main(['sharpness', ...args], { stdout: out.stream, stderr: err.stream });
  return { code, out: out.text(), err: err.text() };
}

it('has the defaults of the functions: the command line is read without loading them', async () => {
  const { out } = await run('--help');
  const { probes } = spectrumOptions;
  for (const [name, option] of Object.entries({ ...worstCaseOptions, probes }))
    expect(out.replace(/\s+/g, ' ')).toMatch(
      new RegExp(`--${name} <\\w+> [^-]*\\(default: "${option.default}"\\)`),
    );
});

const logitsSaved = join(folder, 'logits');
const softmaxSaved = join(folder, 'softmax');

/** A classifier of the digits, of the same weights however it ends. */
const classifier = (...end: tf.layers.Layer[]) =>
  tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [8, 8, 1] }),
      tf.layers.dense({
        units: 6,
        activation: 'relu',
        kernelInitializer: tf.initializers.heNormal({ seed: 1 }),
      }),
      ...end,
    ],
  });
const last = (activation?: 'softmax') =>
  tf.layers.dense({
    units: 10,
    kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }),
    ...(activation && { activation }),
  });

beforeAll(async () => {
  await tf.setBackend('cpu');
  const models = {
    [saved]: classifier(last('softmax')),
    [logitsSaved]: classifier(last()),
    [softmaxSaved]: classifier(last(), tf.layers.softmax()),
  };
  for (const [path, model] of Object.entries(models)) {
    await model.save(fileSystem(path));
    model.dispose();
  }
});

const few = [
  '--data',
  '{ name: digits, train: 40 }',
  '--probes',
  '4',
  '--eigenvalues',
  '1',
  '--batch-size',
  '24',
  '--backend',
  'cpu',
];

it('measures a saved model, says how far each number is to be believed, and goes on with a landscape', async () => {
  const out = join(folder, 'out');
  const found = await run(`file://${saved}/model.json`, ...few, '--layers', '--landscape', '3', '--out', out);
  expect(found.err).toBe('');
  expect(found.code).toBe(0);
  expect(found.out).toMatch(/460 weights; 40 training examples of 1,797 handwritten digits/);
  for (const name of [
    'loss',
    'Gauss–Newton, λ1',
    'Gauss–Newton, trace',
    'of dense',
    'worst case, ρ 0.05, Euclidean',
    'accuracy',
    'calibration error',
  ])
    expect(found.out).toContain(name);
  const { rows, spectrum, scores, cost, reliable } = JSON.parse(
    readFileSync(join(out, 'sharpness.json'), 'utf8'),
  );
  expect(spectrum.matrix).toBe('gauss-newton');
  expect(scores.nll).toBeCloseTo(rows.find(({ name }: { name: string }) => name === 'loss').value, 4);
  expect(cost.gradients).toBeGreaterThan(10);
  expect(reliable).toBe(rows.every((row: { reliable: boolean }) => row.reliable));
  const csv = readFileSync(join(out, 'landscape.csv'), 'utf8');
  const center = csv.split('\n').find((line) => line.startsWith('0,0,'))!;
  expect(Number(center.split(',')[2])).toBeCloseTo(scores.nll, 4);
  const page = readFileSync(join(out, 'report.html'), 'utf8');
  expect(page).toContain('Gauss–Newton, λ1');
  expect(page.match(/<svg /g)).toHaveLength(2);
  // Half of it is there: the rest is what it would have been.
  const partial = (await import('node:fs'))
    .readdirSync(out)
    .find((name) => /^landscape-[0-9a-f]{16}\.csv$/.test(name))!;
  writeFileSync(
    join(out, partial),
    csv
      .split('\n')
      .map((line) => (line.startsWith('-1,-1') ? '-1,-1,7' : line))
      .map((line) => (/,1,[^,]*$/.test(line) ? line.replace(/[^,]*$/, 'NaN') : line))
      .join('\n'),
  );
  const again = await run(saved, ...few, '--layers', '--landscape', '3', '--out', out);
  expect(again.code, again.err).toBe(0);
  expect(again.out.replaceAll(saved, '')).toBe(found.out.replaceAll(`file://${saved}/model.json`, ''));
  expect(existsSync(join(out, 'landscape-surface.svg'))).toBe(true);
});

it('is of the same loss however a classifier ends: in logits, a softmax, or a layer that is one', async () => {
  const rows = [];
  for (const model of [saved, logitsSaved, softmaxSaved]) {
    const out = join(folder, 'ends');
    const { code, err } = await run(model, ...few, '--probes', '0', '--steps', '1', '--out', out);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const found = JSON.parse(readFileSync(join(out, 'sharpness.json'), 'utf8'));
    expect(found.summary).toMatch(/; cross entropy$/);
    if (model === saved) {
      const args = [...few, '--probes', '0', '--steps', '1', '--normalise-logits', '--out', out];
      expect(await run(model, ...args)).toMatchObject({ code: 0, err: '' });
      const { summary, loss } = JSON.parse(readFileSync(join(out, 'sharpness.json'), 'utf8'));
      expect(summary).toMatch(/cross entropy of normalised logits$/);
      expect(Math.abs(loss - found.loss)).toBeGreaterThan(1e-3);
    }
    rows.push([found.loss, found.gradientNorm, found.spectrum.eigenvalues[0], found.scores.accuracy]);
  }
  for (const row of rows) for (const [k, value] of row.entries()) expect(value).toBeCloseTo(rows[0]![k]!, 3);
});

it('measures what a module exports', async () => {
  const module = join(folder, 'subject.mjs');
  const tfjs = import.meta.resolve('@tensorflow/tfjs-core');
  writeFileSync(
    module,
    `import * as tf from '${tfjs}';
const a = tf.variable(tf.tensor1d([1, 2]));
export const subject = async () => ({ loss: () => tf.tidy(() => tf.sum(tf.mul(tf.tensor1d([3, 0.5]), tf.square(a)))), variables: [a] });`,
  );
  const out = join(folder, 'module');
  const { code, err } = await run(
    module,
    '--eigenvalues',
    '2',
    '--out',
    out,
    '--backend',
    'cpu',
    '--metric',
    'infinity',
    '--restarts',
    '2',
  );
  expect(err).toBe('');
  expect(code).toBe(0);
  const { spectrum } = JSON.parse(readFileSync(join(out, 'sharpness.json'), 'utf8'));
  expect(spectrum.eigenvalues).toEqual([expect.closeTo(6, 2), expect.closeTo(1, 2)]);
  expect(await run(module, '--normalise-logits', '--backend', 'cpu')).toMatchObject({
    code: 2,
    err: expect.stringContaining('a loss in two parts with --normalise-logits, got a closure'),
  });
});

describe('tells a wrong call in one line, with exit code 2', () => {
  const wrong: [string, string[], RegExp][] = [
    [
      'no data',
      [saved, '--backend', 'cpu'],
      /expected --data with a saved model, got none. Try --data digits/,
    ],
    [
      'no model',
      [join(folder, 'none'), ...few],
      /expected a folder with a model that model.save wrote, or a module/,
    ],
    ['no module', [join(folder, 'none.mjs'), '--backend', 'cpu'], /there is no such file/],
    ['no data set of that name', [saved, '--data', 'digit', '--backend', 'cpu'], /--data.*expected.*digits/],
    [
      'data of another shape',
      [saved, '--data', '{ name: digits, classes: [0, 1] }', '--backend', 'cpu'],
      /expected --data of inputs \[8,8,1\] and 10 outputs.* got \[8,8,1\] and 2/,
    ],
    ['a number', [saved, ...few, '--rho', '-1'], /--rho to be a number > 0, got "-1"/],
    ['a name', [saved, ...few, '--matrix', 'fisher'], /--matrix to be one of \[gauss-newton, hessian\]/],
    ['a backend', [saved, '--backend', 'gpu'], /--backend: .*got "gpu"/],
    ['a metric', [saved, ...few, '--metric', 'elementwize'], /--metric to be one of .*got "elementwize"/],
  ];
  it.each(wrong)('%s', async (_name, args, message) => {
    const { code, err } = await run(...args);
    expect(err).toMatch(message);
    expect(err.trim().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
  });
});

it('is a measure of studies in each of its kinds: reliable or not, and θ stays', async () => {
  const registry = await loadRegistry();
  await tf.setBackend('cpu');
  const task = await registry
    .build('task', {
      name: 'supervised',
      dataset: { name: 'digits', train: 60, test: 40 },
      model: { name: 'mlp', hidden: [5] },
    })
    .load();
  const problem = await task.problem(1);
  const bits = () => problem.state.map(({ variable }) => [...variable.dataSync()]);
  const before = bits();
  const { numTensors } = tf.memory();
  const configs = [
    ...['gauss-newton', 'hessian'].map((name) => ({
      name,
      examples: 48,
      batchSize: 32,
      probes: 6,
      count: 2,
    })),
    { name: 'worst-case', examples: 48, metric: 'elementwise', steps: 2 },
    { name: 'worst-case', examples: 48, metric: 'infinity', rho: 0.01, steps: 2 },
    { name: 'average-case', examples: 48, samples: 4 },
    { name: 'gradient-norm', examples: 48, normaliseLogits: true },
    { name: 'm-sharpness', m: 16, examples: 48 },
    { name: 'adversarial', epsilon: 0.05, steps: 2, examples: 40 },
    ...['accuracy', 'nll', 'brier', 'ece'],
  ];
  for (const config of configs) {
    const measure = registry.build('measure', config);
    const found = await measure.measure({ problem, seed: 3, pause: async () => {} });
    expect(Object.keys(found)).toEqual(measure.columns.map(({ name }) => name));
    for (const [name, { value, unreliable }] of Object.entries(found)) {
      expect(Number.isFinite(value), `${name} ${unreliable}`).toBe(true);
      if (unreliable !== undefined) expect(unreliable.length).toBeGreaterThan(10);
    }
    expect(await measure.measure({ problem, seed: 3, pause: async () => {} })).toEqual(found);
  }
  expect(bits()).toEqual(before);
  expect(tf.memory().numTensors).toBe(numTensors);
  const top = (
    await registry.build('measure', configs[0] as never).measure({ problem, seed: 0, pause: async () => {} })
  )['gauss-newton-1']!;
  const free = (
    await registry
      .build('measure', { ...(configs[1] as object), tolerance: 1e-9 } as never)
      .measure({ problem, seed: 0, pause: async () => {} })
  )['hessian-1']!;
  expect(top).not.toHaveProperty('unreliable');
  expect(free.unreliable).toMatch(/above the tolerance/);
  problem.dispose();
});
