import * as tf from '@tensorflow/tfjs';
import { integer } from '@tfjs-sam/core';
import { multiHeadAttention } from '@tfjs-sam/wasm-kernels/layers';
import { defineModel, glorot, head, type Seeds } from './define-model.js';

/** Adds a learnt vector to every token. */
class Positions extends tf.layers.Layer {
  static readonly className = 'TfjsSamPositions';
  #table: tf.LayerVariable | undefined;
  readonly #seed: number;

  constructor(args: { readonly seed: number; readonly name?: string }) {
    super(args.name === undefined ? {} : { name: args.name });
    this.#seed = args.seed;
  }

  override build(inputShape: tf.Shape | tf.Shape[]): void {
    const [, tokens, width] = inputShape as [null, number, number];
    const initializer = tf.initializers.randomNormal({ stddev: 0.02, seed: this.#seed });
    this.#table = this.addWeight('table', [tokens, width], 'float32', initializer);
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: tf.Shape | tf.Shape[]): tf.Shape | tf.Shape[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.add(Array.isArray(inputs) ? inputs[0]! : inputs, this.#table!.read());
  }

  override getConfig(): tf.serialization.ConfigDict {
    return { ...super.getConfig(), seed: this.#seed };
  }
}
tf.serialization.registerClass(Positions as unknown as tf.serialization.SerializableConstructor<Positions>);

type Symbolic = tf.SymbolicTensor;
const normalised = (x: Symbolic): Symbolic =>
  tf.layers.layerNormalization({ epsilon: 1e-5 }).apply(x) as Symbolic;
const sum = (a: Symbolic, b: Symbolic): Symbolic => tf.layers.add().apply([a, b]) as Symbolic;
const linear = (x: Symbolic, units: number, seeds: Seeds, activation?: 'relu'): Symbolic =>
  tf.layers
    .dense({ units, kernelInitializer: glorot(seeds), ...(activation && { activation }) })
    .apply(x) as Symbolic;

/** A small vision transformer. */
export const vit = defineModel({
  name: 'vit',
  input: 'image',
  doc: 'Small vision transformer with mean pooling',
  source: 'Dosovitskiy et al. 2021, arXiv 2010.11929',
  options: {
    patch: integer({
      min: 1,
      default: 4,
      unit: 'pixels',
      doc: 'Side of a patch, which divides height and width',
    }),
    width: integer({ min: 1, default: 64, doc: 'Numbers per token; a multiple of heads' }),
    heads: integer({ min: 1, default: 4, doc: 'Attention heads' }),
    depth: integer({ min: 1, default: 4, doc: 'Blocks' }),
  },
  contradiction([height = 0, columns = 0], { patch, width, heads }) {
    if (height % patch !== 0 || columns % patch !== 0)
      return `patch to divide the image's sides, got ${patch} for ${height}×${columns}`;
    return width % heads === 0 ? undefined : `width to be a multiple of heads, got ${width} and ${heads}`;
  },
  create({ inputShape, outputs, seeds }, { patch, width, heads, depth }) {
    const [height = 0, columns = 0] = inputShape;
    const input = tf.input({ shape: [...inputShape] });
    const patches = tf.layers
      .conv2d({ filters: width, kernelSize: patch, strides: patch, kernelInitializer: glorot(seeds) })
      .apply(input);
    const tokens = (height / patch) * (columns / patch);
    const listed = tf.layers.reshape({ targetShape: [tokens, width] }).apply(patches);
    let x = new Positions({ seed: seeds() }).apply(listed) as Symbolic;
    for (let block = 0; block < depth; block++) {
      const attention = multiHeadAttention({
        numHeads: heads,
        useBias: false,
        kernelInitializer: 'glorotNormal',
        seed: seeds(),
      });
      x = sum(x, attention.apply(normalised(x)) as Symbolic);
      x = sum(x, linear(linear(normalised(x), 2 * width, seeds, 'relu'), width, seeds));
    }
    const pooled = tf.layers.globalAveragePooling1d({}).apply(normalised(x));
    return tf.model({ inputs: input, outputs: head(outputs, seeds).apply(pooled) as Symbolic });
  },
});
