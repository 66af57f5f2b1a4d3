import * as tf from '@tensorflow/tfjs';
import { integer, list, number } from '@tfjs-sam/core';
import { defineModel, glorot, head, heNormal, type Seeds } from './define-model.js';

/** Inputs in a row. TensorFlow.js's own layer refuses those that are in one already. */
const flatten = (inputShape: readonly number[]): tf.layers.Layer =>
  inputShape.length === 1
    ? tf.layers.inputLayer({ inputShape: [...inputShape] })
    : tf.layers.flatten({ inputShape: [...inputShape] });

const convolution = (filters: number, kernelSize: number, seeds: Seeds, inputShape?: readonly number[]) =>
  tf.layers.conv2d({
    filters,
    kernelSize,
    padding: 'same',
    activation: 'relu',
    kernelInitializer: heNormal(seeds),
    ...(inputShape && { inputShape: [...inputShape] }),
  });

/** Says that so many halvings leave nothing of an image, where they do. */
const tooSmall = ([height = 0, width = 0]: readonly number[], halvings: number): string | undefined =>
  Math.min(height, width) >= 2 ** halvings
    ? undefined
    : `images of at least ${2 ** halvings} pixels a side for ${halvings} poolings, got ${height}×${width}`;

const pooling = (): tf.layers.Layer => tf.layers.maxPooling2d({ poolSize: 2 });
const dense = (units: number, seeds: Seeds): tf.layers.Layer =>
  tf.layers.dense({ units, activation: 'relu', kernelInitializer: heNormal(seeds) });

/** A size of a layer. */
const units = integer({ min: 1, doc: 'Its size' });

const logistic = defineModel({
  name: 'logistic',
  doc: 'Logistic regression: one linear layer',
  options: {},
  create: ({ inputShape, outputs, seeds }) =>
    tf.sequential({ layers: [flatten(inputShape), head(outputs, seeds)] }),
});

const mlp = defineModel({
  name: 'mlp',
  doc: 'Hidden layers of ReLU units, then a linear layer',
  options: {
    hidden: list(units, { min: 1, default: [128], doc: 'Units of each hidden layer' }),
    dropout: number({ min: 0, below: 1, default: 0, doc: 'Share of hidden units left out of a step' }),
  },
  create: ({ inputShape, outputs, seeds }, { hidden, dropout }) =>
    tf.sequential({
      layers: [
        flatten(inputShape),
        ...hidden.flatMap((units) => [
          dense(units, seeds),
          ...(dropout > 0 ? [tf.layers.dropout({ rate: dropout })] : []),
        ]),
        head(outputs, seeds),
      ],
    }),
});

const cnn = defineModel({
  name: 'cnn',
  input: 'image',
  doc: '3×3 convolutions, each with ReLU and 2×2 max-pooling, then a linear layer',
  options: {
    channels: list(units, { min: 1, default: [16, 32], doc: 'Channels of each convolution' }),
  },
  contradiction: (shape, { channels }) => tooSmall(shape, channels.length),
  create: ({ inputShape, outputs, seeds }, { channels }) =>
    tf.sequential({
      layers: [
        ...channels.flatMap((count, i) => [
          convolution(count, 3, seeds, i === 0 ? inputShape : undefined),
          pooling(),
        ]),
        tf.layers.flatten(),
        head(outputs, seeds),
      ],
    }),
});

const lenet = defineModel({
  name: 'lenet',
  input: 'image',
  doc: 'Like LeNet-5 with ReLU and max-pooling: 6 and 16 channels of 5×5, 120 and 84 units (LeCun et al. 1998)',
  options: {},
  contradiction: (shape) => tooSmall(shape, 2),
  create: ({ inputShape, outputs, seeds }) =>
    tf.sequential({
      layers: [
        convolution(6, 5, seeds, inputShape),
        pooling(),
        convolution(16, 5, seeds),
        pooling(),
        tf.layers.flatten(),
        dense(120, seeds),
        dense(84, seeds),
        head(outputs, seeds),
      ],
    }),
});

const lstm = defineModel({
  name: 'lstm',
  doc: 'One LSTM layer, then a linear layer; an image is read row by row',
  options: { units: integer({ min: 1, default: 32, doc: 'Units of the layer' }) },
  create({ inputShape, outputs, seeds }, { units: size }) {
    const [time = 1, ...rest] = inputShape;
    const features = rest.reduce((product, axis) => product * axis, 1);
    return tf.sequential({
      layers: [
        tf.layers.reshape({ targetShape: [time, features], inputShape: [...inputShape] }),
        tf.layers.lstm({
          units: size,
          kernelInitializer: glorot(seeds),
          // Orthogonal starts are drawn by a decomposition that is slow on wasm.
          recurrentInitializer: glorot(seeds),
        }),
        head(outputs, seeds),
      ],
    });
  },
});

/** Models without branches. */
export const plainModels = [logistic, mlp, cnn, lenet, lstm];
