// Trains two small models by every variant and base optimizer, a few steps each, on as many threads as the first argument says,
// and prints a hash of all that each leaves behind. Plain JavaScript on the built packages: any version of Node runs it.
import { createHash } from 'node:crypto';
import * as tf from '@tensorflow/tfjs';
import { prepareBackend } from '@tfjs-sam/backends';
import * as core from '@tfjs-sam/core';
import * as all from 'tfjs-sam';
import { runningThreads } from '../../../packages/wasm-kernels/dist/engine.js';
import { limits } from '../../../packages/wasm-kernels/dist/threads/limits.js';

const STEPS = 3;
const BATCH = 16;
const CLASSES = 4;

const glorot = (seed) => tf.initializers.glorotUniform({ seed });
const dense = (seed, units, given) => tf.layers.dense({ units, kernelInitializer: glorot(seed), ...given });
const normalised = () => [tf.layers.batchNormalization(), tf.layers.activation({ activation: 'relu' })];
// Some variants want a layer of normalisation.
const models = {
  mlp: () =>
    tf.sequential({ layers: [dense(1, 20, { inputShape: [12] }), ...normalised(), dense(2, CLASSES)] }),
  cnn: () =>
    tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 8, kernelSize: 3, inputShape: [8, 8, 2], kernelInitializer: glorot(3) }),
        ...normalised(),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.flatten(),
        dense(4, CLASSES),
      ],
    }),
};

/** A rule of the user's own, for the variant that takes one. */
const rule = {
  name: 'own',
  direction: (oracle) => {
    const { loss, gradient } = oracle.evaluate();
    const perturbation = gradient.map((g) => tf.mul(g, 0.01));
    return { loss, direction: oracle.evaluate({ perturbation }).gradient };
  },
};

/** What parts need beside a base. */
const needs = {
  bsam: () => ({ numData: BATCH }),
  rule: () => ({ rule }),
  'functional-sam': ({ outputs, lossesOf }) => ({
    parts: () => ({ outputs, lossOf: (at) => tf.mean(lossesOf(at)) }),
  }),
};

const parts = Object.values({ ...core, ...all }).flatMap(({ part } = {}) => part ?? []);
const partsOf = (kind) => [
  ...new Map(parts.filter((part) => part.kind === kind).map((p) => [p.name, p])).values(),
];

const base = () => core.sgd({ learningRate: 0.02, momentum: 0.9 });

/** Every optimizer that is there, by what makes it of a problem. */
function* optimizers() {
  for (const part of partsOf('variant'))
    yield [
      part.name,
      (problem) =>
        part.create({ ...('base' in part.options && { base: base() }), ...needs[part.name]?.(problem) }),
    ];
  for (const { name, options, create } of partsOf('base-optimizer')) {
    const required = Object.keys(options).filter((option) => options[option].need === 'required');
    if (required.every((option) => option === 'base' || option === 'learningRate'))
      yield [
        `sam around ${name}`,
        () =>
          all.sam(
            create({
              ...('base' in options && { base: base() }),
              ...('learningRate' in options && { learningRate: 0.02 }),
            }),
          ),
      ];
  }
}

async function train(model, make, seed) {
  const [x, noise] = core.seededSampler('gaussian', seed)(
    [[BATCH, ...model.inputs[0].shape.slice(1)], [BATCH]],
    0,
    0,
  );
  const y = tf.oneHot(tf.cast(tf.floor(tf.mod(tf.mul(noise, 7), CLASSES)), 'int32'), CLASSES);
  const outputs = () => model.apply(x, { training: true });
  const lossesOf = (at) => tf.neg(tf.sum(tf.mul(y, tf.logSoftmax(at)), -1));
  const optimizer = make({ outputs, lossesOf });
  const variables = model.trainableWeights.map((weight) => weight.read());
  for (let step = 0; step < STEPS; step++) optimizer.minimize(() => lossesOf(outputs()), false, variables);
  const hash = createHash('sha256');
  const state = await optimizer.getWeights();
  for (const tensor of [...model.getWeights(), ...state.map(({ tensor }) => tensor)])
    hash.update(await tensor.data());
  optimizer.dispose();
  return hash.digest('hex').slice(0, 16);
}

/** Shares every call that can be split, however small. */
async function useThreads(threads) {
  Object.assign(limits, { least: 0, part: 0, start: 0, always: true });
  const { kernels } = await prepareBackend({ backend: 'wasm', deterministic: true, threads, log: () => {} });
  const x = tf.ones([64, 64]);
  for (const end = Date.now() + 20_000; runningThreads() < threads && Date.now() < end; ) {
    tf.dispose(tf.matMul(x, x));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  return `${kernels.implementation}, ${runningThreads()} threads`;
}

console.warn = () => {};
const how = await useThreads(Number(process.argv[2]));
const digests = {};
for (const [name, make] of optimizers())
  for (const [model, build] of Object.entries(models)) {
    const made = build();
    digests[`${name}, ${model}`] = await train(made, make, 5);
    made.dispose();
  }
console.log(JSON.stringify({ node: process.versions.node, how, digests }));
