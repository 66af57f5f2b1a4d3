import {
  add,
  expandDims,
  matMul,
  reshape,
  serialization,
  type Tensor,
  type Tensor2D,
  tidy,
} from '@tensorflow/tfjs-core';
import { initializers, type LayerVariable, layers, type Shape } from '@tensorflow/tfjs-layers';
import { dotProductAttention } from '../ops/attention/attention.js';

const INITIALIZERS = [
  'glorotUniform',
  'glorotNormal',
  'heUniform',
  'heNormal',
  'leCunUniform',
  'leCunNormal',
] as const;
/** The name of an initializer that a seed can be given to. */
export type KernelInitializer = (typeof INITIALIZERS)[number];

/** Options of every layer: `name`, `inputShape`, `trainable`, … */
type LayerArgs = NonNullable<ConstructorParameters<typeof layers.Layer>[0]>;

/** Options of {@link multiHeadAttention}, and those of every layer. */
export interface MultiHeadAttentionArgs extends LayerArgs {
  /** Attention heads, an integer >= 1. */
  readonly numHeads: number;
  /** Numbers of a head's query and key, an integer >= 1. Default: the query's width divided by `numHeads`, which must divide it. */
  readonly keyDim?: number;
  /** Numbers of a head's value, an integer >= 1. Default: `keyDim`. */
  readonly valueDim?: number;
  /** Numbers of each output, an integer >= 1. Default: the query's width. */
  readonly outputDim?: number;
  /** Adds a bias after each projection. Default true. */
  readonly useBias?: boolean;
  /** Query i sees keys 0 to i alone. Default false. */
  readonly causal?: boolean;
  /** Initializer of the four kernels. Default 'glorotUniform'. */
  readonly kernelInitializer?: KernelInitializer;
  /** Seed of the kernels' first values, of which each has its own. Default: drawn. */
  readonly seed?: number;
}

const PROJECTIONS = ['query', 'key', 'value', 'output'] as const;
type Projection = (typeof PROJECTIONS)[number];

/** The layer that {@link multiHeadAttention} makes. */
export class MultiHeadAttention extends layers.Layer {
  /** The name under which a saved model has the layer. */
  static readonly className = 'TfjsSamMultiHeadAttention';
  readonly #args: MultiHeadAttentionArgs;
  readonly #kernels = new Map<Projection, LayerVariable>();
  readonly #biases = new Map<Projection, LayerVariable>();

  /** @throws RangeError for numbers out of range, TypeError for an unknown initializer. */
  constructor(args: MultiHeadAttentionArgs) {
    super(args);
    requireArgs(args);
    this.#args = args;
    this.supportsMasking = true;
  }

  override build(inputShape: Shape | Shape[]): void {
    const [query, value, key] = shapesOf(inputShape);
    const { numHeads, keyDim, valueDim, outputDim } = this.#sizes(query.at(-1)!);
    const [keys, values] = [numHeads * keyDim, numHeads * valueDim];
    const sizes: Record<Projection, [number, number]> = {
      query: [query.at(-1)!, keys],
      key: [key.at(-1)!, keys],
      value: [value.at(-1)!, values],
      output: [values, outputDim],
    };
    for (const [i, name] of PROJECTIONS.entries()) {
      const { kernelInitializer = 'glorotUniform', seed, useBias = true } = this.#args;
      const first = initializers[kernelInitializer](
        seed === undefined ? {} : ({ seed: 7 * seed + i } as never),
      );
      this.#kernels.set(name, this.addWeight(`${name}/kernel`, sizes[name], 'float32', first));
      if (!useBias) continue;
      const zeros = initializers.zeros();
      this.#biases.set(name, this.addWeight(`${name}/bias`, [sizes[name][1]], 'float32', zeros));
    }
    super.build(inputShape);
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const [query] = shapesOf(inputShape);
    return [...query.slice(0, -1), this.#sizes(query.at(-1)!).outputDim];
  }

  override computeMask(_: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor {
    return (Array.isArray(mask) ? mask[0] : mask) as Tensor;
  }

  override call(inputs: Tensor | Tensor[], kwargs: { mask?: Tensor | Tensor[] } = {}): Tensor {
    return tidy(() => {
      const [query, value, key] = inOrder(inputs);
      const seen = maskOfValue(inputs, kwargs.mask);
      const { numHeads: heads, causal = false } = this.#args;
      const joined = dotProductAttention(
        this.#project('query', query),
        this.#project('key', key),
        this.#project('value', value),
        { heads, causal, ...(seen && { mask: expandDims(seen, 1) }) },
      );
      return this.#project('output', joined);
    });
  }

  override getConfig(): serialization.ConfigDict {
    const { numHeads, keyDim, valueDim, outputDim, useBias, causal, kernelInitializer, seed } = this.#args;
    const own = { numHeads, keyDim, valueDim, outputDim, useBias, causal, kernelInitializer, seed };
    const given = Object.entries(own).filter(([, value]) => value !== undefined);
    return { ...super.getConfig(), ...Object.fromEntries(given) } as serialization.ConfigDict;
  }

  #sizes(width: number) {
    const { numHeads, outputDim = width } = this.#args;
    const { keyDim = width / numHeads } = this.#args;
    if (!Number.isInteger(keyDim))
      throw new RangeError(
        `multiHeadAttention: expected numHeads to divide the query's width, got ${numHeads} and ${width}; else give keyDim`,
      );
    return { numHeads, keyDim, valueDim: this.#args.valueDim ?? keyDim, outputDim };
  }

  /** x W (+ b) over the last axis. */
  #project(name: Projection, x: Tensor): Tensor {
    const kernel = this.#kernels.get(name)!.read() as Tensor2D;
    const bias = this.#biases.get(name)?.read();
    const rows = matMul(reshape(x, [-1, x.shape.at(-1)!]) as Tensor2D, kernel);
    return reshape(bias ? add(rows, bias) : rows, [...x.shape.slice(0, -1), kernel.shape[1]]);
  }
}
serialization.registerClass(
  MultiHeadAttention as unknown as serialization.SerializableConstructor<MultiHeadAttention>,
);

/**
 * Makes a layer of multi-head attention, fused where our kernels are: x, or [query, value], or [query, value, key] as in Keras, each
 * [batch, length, width], to [batch, queries, outputDim]. Of one input, what its mask hides (padding of an embedding with
 * `maskZero`) is not seen; of several, models of TensorFlow.js hand over the query's mask alone, so that a value's padding is
 * seen: call the layer with `{ mask: [queryMask, valueMask] }` where it must not be.
 *
 * @throws RangeError for numbers out of range, TypeError for an unknown initializer; when built, RangeError where `numHeads`
 *   does not divide the width and there is no `keyDim`, or inputs are not of rank 3.
 * @example
 * const x = tf.input({ shape: [16, 64] });
 * const attended = multiHeadAttention({ numHeads: 4, causal: true }).apply(x);
 * @see Vaswani et al. 2017, arXiv 1706.03762
 */
export function multiHeadAttention(args: MultiHeadAttentionArgs): MultiHeadAttention {
  return new MultiHeadAttention(args);
}

function requireArgs(args: MultiHeadAttentionArgs): void {
  for (const name of ['numHeads', 'keyDim', 'valueDim', 'outputDim'] as const) {
    const value = args[name];
    if (value === undefined && name !== 'numHeads') continue;
    if (!Number.isInteger(value) || value! < 1)
      throw new RangeError(`multiHeadAttention: expected ${name} to be an integer >= 1, got ${value}`);
  }
  const { kernelInitializer: given } = args;
  if (given !== undefined && !INITIALIZERS.includes(given))
    throw new TypeError(
      `multiHeadAttention: expected kernelInitializer to be one of ${INITIALIZERS.join(', ')}, got ${given}`,
    );
}

/** The value's mask. Of several inputs a model hands over the first one's alone, which is the query's. */
function maskOfValue(inputs: Tensor | Tensor[], mask: Tensor | Tensor[] | undefined): Tensor | undefined {
  const [query, value] = inOrder(inputs);
  if (Array.isArray(mask)) return value === query ? mask[0] : mask[1];
  return value === query ? mask : undefined;
}

/** Query, value and key of what a layer is called with. */
function inOrder<T>(inputs: T | T[]): [T, T, T] {
  const [query, value = query, key = value] = Array.isArray(inputs) ? inputs : [inputs];
  return [query!, value!, key!];
}

function shapesOf(inputShape: Shape | Shape[]): [Shape, Shape, Shape] {
  const shapes = (Array.isArray(inputShape[0]) ? inputShape : [inputShape]) as Shape[];
  const other = shapes.find(({ length }) => length !== 3);
  if (other)
    throw new RangeError(`multiHeadAttention: expected inputs [batch, length, width], got [${other}]`);
  return inOrder(shapes);
}
