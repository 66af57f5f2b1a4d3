import * as tf from '@tensorflow/tfjs';
import { number, oneOf } from '@tfjs-sam/core';
import { defineModel, head, heNormal, type Seeds } from './define-model.js';

interface Block {
  readonly filters: number;
  readonly strides: number;
  readonly seeds: Seeds;
}

function normalised(
  x: tf.SymbolicTensor,
  kernelSize: number,
  { filters, strides, seeds }: Block,
): tf.SymbolicTensor {
  const convolved = tf.layers
    .conv2d({
      filters,
      kernelSize,
      strides,
      padding: 'same',
      useBias: false,
      kernelInitializer: heNormal(seeds),
    })
    .apply(x);
  return tf.layers.batchNormalization({ momentum: 0.9, epsilon: 1e-5 }).apply(convolved) as tf.SymbolicTensor;
}

const relu = (x: tf.SymbolicTensor): tf.SymbolicTensor =>
  tf.layers.activation({ activation: 'relu' }).apply(x) as tf.SymbolicTensor;

/** Two 3×3 convolutions beside a shortcut, which is a 1×1 convolution where the shape changes. */
function residual(x: tf.SymbolicTensor, block: Block): tf.SymbolicTensor {
  const inner = normalised(relu(normalised(x, 3, block)), 3, { ...block, strides: 1 });
  const same = block.strides === 1 && x.shape.at(-1) === block.filters;
  const shortcut = same ? x : normalised(x, 1, block);
  return relu(tf.layers.add().apply([inner, shortcut]) as tf.SymbolicTensor);
}

interface Plan {
  /** Channels of each stage; all but the first halve height and width. */
  readonly widths: readonly number[];
  readonly blocks: number;
}

function build(
  inputShape: readonly number[],
  outputs: number,
  seeds: Seeds,
  { widths, blocks }: Plan,
): tf.LayersModel {
  const input = tf.input({ shape: [...inputShape] });
  let x = relu(normalised(input, 3, { filters: widths[0]!, strides: 1, seeds }));
  widths.forEach((filters, stage) => {
    for (let block = 0; block < blocks; block++) {
      x = residual(x, { filters, strides: stage > 0 && block === 0 ? 2 : 1, seeds });
    }
  });
  const pooled = tf.layers.globalAveragePooling2d({}).apply(x);
  return tf.model({ inputs: input, outputs: head(outputs, seeds).apply(pooled) as tf.SymbolicTensor });
}

/** Residual networks for small images. */
export const resnet = defineModel({
  name: 'resnet',
  input: 'image',
  doc: 'Residual network for small images with batch normalisation',
  source: 'He et al. 2016, arXiv 1512.03385',
  options: {
    depth: oneOf([8, 14, 20, 32, 44, 56, 110, 18], {
      default: 8,
      doc: '6n + 2 layers in three stages of 16, 32 and 64 channels; 18 is ResNet-18, four stages of 64 to 512',
    }),
    width: number({ above: 0, default: 1, doc: 'Multiplier of the channels' }),
  },
  create({ inputShape, outputs, seeds }, { depth, width }) {
    const [widths, blocks] = depth === 18 ? [[64, 128, 256, 512], 2] : [[16, 32, 64], (depth - 2) / 6];
    const scaled = widths.map((channels) => Math.max(1, Math.round(channels * width)));
    return build(inputShape, outputs, seeds, { widths: scaled, blocks });
  },
});
