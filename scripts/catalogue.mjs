// One line for each variant: evaluations and memory as counted in steps of its defaults, source, and what it is checked against.
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs';
import { table as followed } from '../golden/dist/table.js';
import { driverOptions, sgd, strategyOptions } from '../packages/core/dist/index.js';
import { goldenBase, goldensOf } from '../packages/testing/dist/trajectories.js';
import { createDefaultRegistry } from '../packages/tfjs-sam/dist/index.js';

const registry = createDefaultRegistry();
/** Steps that are counted: whole periods of the variants that act at some steps only, after the first one. */
const STEPS = 100;
const [SIZE, BATCH] = [32, 4];

/** A normalised linear classifier whose weights are large beside its batch: bytes are those of copies of the weights. */
function problem() {
  const random = (shape, seed) => tf.randomNormal(shape, 0, 1, 'float32', seed);
  const inputs = random([BATCH, SIZE], 1);
  const kernel = tf.variable(tf.mul(0.1, random([SIZE, SIZE], 2)), true, 'dense/kernel');
  const gamma = tf.variable(tf.ones([SIZE]), true, 'batch_normalization/gamma');
  const labels = tf.oneHot(tf.tensor1d([0, 1, 2, 3], 'int32'), SIZE);
  const counted = { gradients: 0, values: 0 };
  const losses = (objective) => {
    counted[tf.engine().state.gradientDepth > 0 ? 'gradients' : 'values']++;
    const logits = tf.matMul(tf.mul(inputs, gamma), kernel);
    const each = tf.losses.softmaxCrossEntropy(labels, logits, undefined, undefined, tf.Reduction.NONE);
    return objective === 'ascent' ? tf.sqrt(each) : each;
  };
  return {
    counted,
    losses,
    loss: (objective) => tf.mean(losses(objective)),
    variables: [kernel, gamma],
    dispose: () => tf.dispose([inputs, labels, kernel, gamma]),
  };
}

/** The most bytes of tensors within what runs. */
function peakOf(run) {
  const engine = tf.engine();
  const { trackTensor } = engine;
  let peak = engine.state.numBytes;
  engine.trackTensor = (...tensor) => {
    trackTensor.apply(engine, tensor);
    peak = Math.max(peak, engine.state.numBytes);
  };
  run();
  delete engine.trackTensor;
  return peak;
}

/** Evaluations a step, and bytes between steps and at most within one, in copies of the weights. */
function measured(make) {
  try {
    return measuredWith(make, true);
  } catch (error) {
    // Some variants ask for the losses of the examples.
    if (/losses of the examples|\[batch\]/.test(error.message)) return measuredWith(make, false);
    throw error;
  }
}

function measuredWith(make, whole) {
  const { variables, counted, loss: mean, losses, dispose } = problem();
  const before = tf.memory().numBytes;
  const optimizer = make();
  const step = () => optimizer.minimize(whole ? mean : losses, false, variables);
  const copies = (bytes) => (bytes - before) / (4 * SIZE * (SIZE + 1));
  try {
    // A variant's memory is there after its first steps.
    for (let i = 0; i < 2; i++) step();
    Object.assign(counted, { gradients: 0, values: 0 });
    const peak = peakOf(() => {
      for (let i = 0; i < STEPS; i++) step();
    });
    const { gradients, values } = counted;
    return {
      gradients: gradients / STEPS,
      values: values / STEPS,
      kept: copies(tf.memory().numBytes),
      peak: copies(peak),
    };
  } finally {
    optimizer.dispose();
    dispose();
  }
}

/** Trajectories by the variant that follows them: its optimizer says which. */
function trajectories() {
  const found = new Map();
  for (const [name, run] of Object.entries(followed)) {
    const [golden] = goldensOf(name);
    if (!golden || !run.create) continue;
    const optimizer = run.create(goldenBase(golden), golden);
    const { variant } = optimizer.getConfig();
    optimizer.dispose();
    found.set(variant, [...(found.get(variant) ?? []), { name, source: golden.source }]);
  }
  return found;
}

/** The licence that a trajectory's file names. */
function licenceOf({ repo, notes }) {
  if (repo.startsWith('(')) return 'no code found';
  const told = notes.join('; ').match(/Apache-2\.0|MIT|GPL-3\.0|no licence/);
  return `${repo}${told ? `, ${told[0]}` : ''}`;
}

const rounded = (value) => Number(value.toFixed(2)).toString();

/** Says of an option, where a table has no room, its name and default. */
const brief = ([name, { default: value }]) =>
  `${name} ${value === undefined ? '…' : typeof value === 'object' ? JSON.stringify(value) : value}`;
const isStrategy = ({ type, kind }) => type === 'part' && kind !== 'schedule';
/** The options that a variant has beside those of the driver and the parts that it may be composed of. */
const hyperparameters = ({ options }) =>
  Object.entries(options)
    .filter(([name, option]) => option !== driverOptions[name] && option !== strategyOptions[name])
    .filter(([, option]) => !isStrategy(option) && option.type !== 'code')
    .map(brief)
    .join(', ');

/** Options that no default completes, for the measurement. */
const supplied = { base: { name: 'sgd', learningRate: 0.01 }, numData: 10_000 };
const isMeasurable = ({ options }) =>
  Object.entries(options).every(([name, { need }]) => need !== 'required' || Object.hasOwn(supplied, name));
const configOf = ({ name, options }) => ({
  variant: name,
  ...Object.fromEntries(Object.entries(supplied).filter(([option]) => Object.hasOwn(options, option))),
});

/** Head and rows of the table. */
export async function catalogue() {
  await tf.setBackend('cpu');
  const checked = trajectories();
  const plain = measured(() => sgd({ learningRate: 0.01 }));
  const plugins = registry.list('variant').map((name) => registry.find(name, 'variant'));
  const rows = plugins
    .filter((plugin) => !plugin.presetOf && isMeasurable(plugin))
    .map((plugin) => {
      const costs = measured(() => registry.create(configOf(plugin)));
      const golden = checked.get(plugin.name) ?? [];
      return [
        `[\`${plugin.name}\`](../${plugin.package.replace('@tfjs-sam/', '')}/README.md)`,
        plugin.doc,
        rounded(costs.gradients),
        rounded(costs.values),
        rounded(costs.kept - plain.kept),
        rounded(costs.peak - plain.peak),
        hyperparameters(plugin),
        plugin.source ?? '',
        [...new Set(golden.map(({ source }) => licenceOf(source)))].join('; '),
        golden.length > 0 ? golden.map(({ name }) => name).join(', ') : 'formula',
      ];
    });
  const costs = ['gradients', 'values', 'kept', 'peak'];
  return { head: ['variant', '', ...costs, 'hyperparameters', 'source', 'reference', 'trajectories'], rows };
}
