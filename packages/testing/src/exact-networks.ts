import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { generator, type ParamVector } from '@tfjs-sam/core';

/** Exact numbers of one matrix of a network, computed in float64. */
export interface ExactSpectrum {
  /** The ten of largest absolute value, largest first. */
  readonly eigenvalues: number[];
  readonly smallest: number;
  readonly largest: number;
  readonly trace: number;
  readonly frobeniusSquared: number;
  /** Base64 of float32, every variable row-major, one after the other. */
  readonly diagonal: string;
}

type Layer = readonly [kind: string, ...args: readonly (number | readonly Layer[])[]];

/** Of targets and outputs. */
const losses = {
  softmax: (y: tf.Tensor, f: tf.Tensor) => tf.losses.softmaxCrossEntropy(y, f),
  squared: (y: tf.Tensor, f: tf.Tensor) => tf.mean(tf.mul(0.5, tf.sum(tf.square(tf.sub(f, y)), -1))),
  huber: (y: tf.Tensor, f: tf.Tensor) => tf.losses.huberLoss(y, f, undefined, 0.3),
  squaredHinge: (y: tf.Tensor, f: tf.Tensor) =>
    tf.mean(tf.square(tf.relu(tf.sub(1, tf.mul(tf.sub(tf.mul(2, y), 1), f))))),
};

interface Stored {
  readonly layers: readonly Layer[];
  readonly inputShape: number[];
  readonly batch: number;
  readonly outputs: number;
  readonly seed: number;
  readonly shapes: number[][];
  readonly loss: keyof typeof losses;
  /** Of Σ |θ|, in the loss beside what comes of the outputs. */
  readonly penalty?: number;
  readonly theta: string;
  readonly direction: string;
  readonly value: number;
  readonly gradient: string;
  readonly hessianVectorProduct: string;
  readonly gaussNewtonVectorProduct: string;
  readonly hessian?: ExactSpectrum;
  readonly gaussNewton?: ExactSpectrum;
}

/** A trained network with its batch and its exact curvature. */
export interface ExactNetwork {
  readonly reference: Stored;
  readonly variables: tf.Variable[];
  /** [batch, outputs]. */
  readonly targets: tf.Tensor2D;
  outputs(): tf.Tensor2D;
  lossOf(outputs: tf.Tensor): tf.Scalar;
  loss(): tf.Scalar;
  /** The loss of some of the examples. */
  slice(from: number, size: number): Pick<ExactNetwork, 'outputs' | 'lossOf'>;
  /** A stored vector, in the variables' shapes. */
  vector(stored: string): ParamVector;
  dispose(): void;
}

let read: Record<string, Stored> | undefined;
const all = (): Record<string, Stored> => {
  const file = new URL('../fixtures/exact-curvature.json', import.meta.url);
  read ??= JSON.parse(readFileSync(file, 'utf8')) as Record<string, Stored>;
  return read;
};

/** The networks whose whole spectrum is known: ReLU and tanh, perceptrons, convolutions, a ResNet, an LSTM, a ViT. */
export const exactNetworks = (): string[] => Object.keys(all()).filter((name) => all()[name]!.hessian);

/** Those, and large ones of which products alone are known. */
export const exactProducts = (): string[] => Object.keys(all());

/** One of the networks of fixtures/exact-curvature.json; `mlp-relu-large` is for products alone. The caller disposes it. */
export function exactNetwork(name: string): ExactNetwork {
  const reference = all()[name]!;
  const { seed, batch, inputShape, outputs, shapes, layers } = reference;
  const x = uniform(seed, [batch, ...inputShape]);
  const targets = tf.tidy(() => {
    const share = tf.div(tf.add(uniform(seed + 1000, [batch]), 1), 2);
    return tf.oneHot(
      tf.cast(tf.floor(tf.mul(share, outputs)), 'int32'),
      outputs,
      1,
      0,
      'float32',
    ) as tf.Tensor2D;
  });
  const vector = (stored: string) => split(decode(stored), shapes);
  const variables = vector(reference.theta).map((tensor) => {
    const variable = tf.variable(tensor);
    tensor.dispose();
    return variable;
  });
  const slice = (from: number, size: number) => ({
    outputs: () => tf.tidy(() => apply(layers, [...variables], tf.slice(x, from, size))) as tf.Tensor2D,
    lossOf: (f: tf.Tensor) =>
      tf.tidy(() => {
        return losses[reference.loss](tf.slice(targets, from, size), f);
      }) as tf.Scalar,
  });
  const { outputs: outputsOf, lossOf } = slice(0, batch);
  return {
    reference,
    variables,
    targets,
    outputs: outputsOf,
    lossOf,
    loss: () =>
      tf.tidy(() => {
        const { penalty } = reference;
        const loss = lossOf(outputsOf());
        if (!penalty) return loss;
        const sizes = variables.map((variable) => tf.sum(tf.abs(variable)));
        return tf.add(loss, tf.mul(penalty, tf.addN(sizes)));
      }) as tf.Scalar,
    slice,
    vector,
    dispose: () => tf.dispose([x, targets, variables]),
  };
}

/** Uniform in [−1, 1), as the script draws them. */
function uniform(seed: number, shape: number[]): tf.Tensor {
  // The numbers that the exact spectra were computed of, whatever the samplers are.
  const next = generator(seed, 0, 0);
  const values = Float32Array.from(
    { length: tf.util.sizeFromShape([...shape]) },
    () => (next() >>> 8) / 0x1000000,
  );
  return tf.tidy(() => tf.sub(tf.mul(2, tf.tensor(values, [...shape])), 1));
}

function decode(stored: string): Float32Array {
  const bytes = Uint8Array.from(Buffer.from(stored, 'base64'));
  return new Float32Array(bytes.buffer);
}

function split(values: Float32Array, shapes: readonly number[][]): ParamVector {
  let at = 0;
  return shapes.map((shape) => {
    const from = at;
    at += tf.util.sizeFromShape(shape);
    return tf.tensor(values.slice(from, at), shape, 'float32');
  });
}

function normalise(x: tf.Tensor, axes: number[]): tf.Tensor {
  const { mean, variance } = tf.moments(x, axes, true);
  return tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-3)));
}

/** [batch, tokens, n] × [n, m]. */
function product(x: tf.Tensor, w: tf.Tensor): tf.Tensor {
  const flat = tf.matMul(tf.reshape(x, [-1, w.shape[0]!]), w as tf.Tensor2D);
  return tf.reshape(flat, [...x.shape.slice(0, -1), w.shape[1]!]);
}

/** The layers' outputs; takes its weights off the front of the list. See scripts/exact-curvature.py. */
function apply(layers: readonly Layer[], weights: tf.Tensor[], input: tf.Tensor): tf.Tensor {
  const next = () => weights.shift()!;
  const kinds: Readonly<Record<string, (x: tf.Tensor, args: Layer) => tf.Tensor>> = {
    dense: (x) => tf.add(product(x, next()), next()),
    conv: (x, [, , , stride]) =>
      tf.add(tf.conv2d(x as tf.Tensor4D, next() as tf.Tensor4D, stride as number, 'same'), next()),
    relu: (x) => tf.relu(x),
    tanh: (x) => tf.tanh(x),
    leakyRelu: (x) => tf.leakyRelu(x, 0.2),
    relu6: (x) => tf.div(tf.relu6(tf.mul(6, x)), 6),
    abs: (x) => tf.abs(x),
    clip: (x) => tf.clipByValue(x, -0.4, 0.6),
    // As tf.layers has it.
    hardSigmoid: (x) => tf.clipByValue(tf.add(tf.mul(0.2, tf.mul(4, x)), 0.5), 0, 1),
    elu: (x) => tf.elu(x),
    selu: (x) => tf.selu(x),
    mod: (x) => tf.mod(x, 1.5),
    softSign: (x) => tf.div(x, tf.add(1, tf.abs(x))),
    signedSquare: (x) => tf.where(tf.greater(x, 0.1), tf.square(x), tf.sub(tf.mul(0.2, x), 0.3)),
    prelu: (x) => tf.prelu(x, next()),
    scaledBy: (x) => tf.mul(x, tf.add(1, next())),
    maxout: (x, [, n]) => tf.max(tf.reshape(x, [...x.shape.slice(0, -1), -1, n as number]), -1),
    largest: (x) => tf.max(x, [1, 2]),
    bounded: (x) => tf.minimum(tf.maximum(x, tf.neg(tf.reverse(x, -1))), 0.9),
    inferenceNorm: (x) => {
      const n = x.shape.at(-1)!;
      const [mean, variance, offset, scale] = [0.05, 0.3, 0, 1].map(
        (value) => tf.fill([n], value) as tf.Tensor1D,
      );
      return tf.batchNorm(x as tf.Tensor4D, mean!, variance!, offset, scale, 1e-3);
    },
    overlappingMaxPool: (x) => tf.maxPool(x as tf.Tensor4D, 3, 2, 'valid'),
    batchNorm: (x) =>
      tf.add(
        tf.mul(
          normalise(
            x,
            x.shape.slice(0, -1).map((_, i) => i),
          ),
          tf.add(1, next()),
        ),
        next(),
      ),
    layerNorm: (x) => tf.add(tf.mul(normalise(x, [x.rank - 1]), tf.add(1, next())), next()),
    maxPool: (x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'),
    flatten: (x) => tf.reshape(x, [x.shape[0]!, -1]),
    tokens: (x) => tf.reshape(x, [x.shape[0]!, -1, x.shape.at(-1)!]),
    meanTokens: (x) =>
      tf.mean(
        x,
        x.shape.slice(1, -1).map((_, i) => i + 1),
      ),
    position: (x) => tf.add(x, next()),
    residual: (x, [, inner]) => tf.add(x, apply(inner as readonly Layer[], weights, x)),
    attention: (x) => {
      const [q, k, v] = tf.split(product(x, next()), 3, -1) as [tf.Tensor, tf.Tensor, tf.Tensor];
      const scores = tf.div(tf.matMul(q, k, false, true), Math.sqrt(q.shape.at(-1)!));
      return product(tf.matMul(tf.softmax(scores), v), next());
    },
    lstm: (x, [, units]) => lstm(x as tf.Tensor3D, [next(), next(), next()], units as number),
  };
  return layers.reduce((x, layer) => kinds[layer[0]]!(x, layer), input);
}

function lstm(x: tf.Tensor3D, [w, u, bias]: readonly tf.Tensor[], units: number): tf.Tensor {
  let h: tf.Tensor = tf.zeros([x.shape[0], units]);
  let c: tf.Tensor = h;
  for (const step of tf.unstack(x, 1)) {
    const z = tf.add(
      tf.add(tf.matMul(step as tf.Tensor2D, w as tf.Tensor2D), tf.matMul(h as tf.Tensor2D, u as tf.Tensor2D)),
      bias!,
    );
    const [i, f, g, o] = tf.split(z, 4, -1) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    c = tf.add(tf.mul(tf.sigmoid(f), c), tf.mul(tf.sigmoid(i), tf.tanh(g)));
    h = tf.mul(tf.sigmoid(o), tf.tanh(c));
  }
  return h;
}
