import * as tf from '@tensorflow/tfjs';
import { withWeights } from './layer-tools.js';

export type Activation = NonNullable<Parameters<typeof tf.layers.dense>[0]['activation']>;
type ConvArguments = Parameters<typeof tf.layers.conv2d>[0];
export type ConvOptions = Partial<ConvArguments>;
export type Gates = 'sigmoid' | 'hardSigmoid';
type Shapes = Readonly<Record<string, number[]>>;

/** The output inside of a gradient, and the gradients of ⟨y, dy⟩ with respect to all inputs. */
const outputAndGradients =
  (y: (...inputs: tf.Tensor[]) => tf.Tensor) =>
  (dy: tf.Tensor, ...inputs: tf.Tensor[]): tf.Tensor[] => {
    const { value, grads } = tf.valueAndGrads(y)(inputs, dy);
    return [value, ...grads];
  };

/** A dense layer of the Layers API at work with the given tensors for weights. */
export function applyDense(activation: Activation, x: tf.Tensor, [kernel, bias]: tf.Tensor[]): tf.Tensor {
  const layer: tf.layers.Layer = tf.layers.dense({ units: kernel!.shape[1]!, activation });
  return withWeights(layer, { kernel, bias }).call(x, {}) as tf.Tensor;
}

/** Of dy, x, kernel and bias: y and the gradients. */
export const denseGradients = (activation: Activation) =>
  outputAndGradients((x, ...weights) => applyDense(activation, x, weights));

export const denseShapes = (outer: readonly number[], depth: number, units: number): Shapes => ({
  dy: [...outer, units],
  x: [...outer, depth],
  kernel: [depth, units],
  bias: [units],
});

/** A convolution of the Layers API at work with the given tensors for weights. */
export function applyConv2d(options: ConvOptions, x: tf.Tensor, [kernel, bias]: tf.Tensor[]): tf.Tensor {
  const [height, width, , filters] = kernel!.shape as [number, number, number, number];
  const args: ConvArguments = { filters, kernelSize: [height, width], activation: 'relu', ...options };
  const layer: tf.layers.Layer = tf.layers.conv2d(args);
  return withWeights(layer, { kernel, bias }).call(x, {}) as tf.Tensor;
}

/** Of dy, x, kernel and bias: y and the gradients. */
export const conv2dGradients = (options: ConvOptions) =>
  outputAndGradients((x, ...weights) => applyConv2d(options, x, weights));

/** One step of a GRU cell of the Layers API with the given tensors for weights. */
export function applyGru(gates: Gates, [x, h, kernel, recurrentKernel, bias]: tf.Tensor[]): tf.Tensor {
  const cell = tf.layers.gruCell({ units: h!.shape[1]!, recurrentActivation: gates });
  Object.assign(withWeights(cell, { kernel, recurrentKernel, bias }), { useBias: bias !== undefined });
  return (cell.call([x!, h!], {}) as tf.Tensor[])[0]!;
}

/** Of dh, x, h, kernel, recurrent kernel and bias: the cell's output and the gradients. */
export const gruGradients = (gates: Gates) => outputAndGradients((...inputs) => applyGru(gates, inputs));

export const gruShapes = (rows: number, depth: number, units: number): Shapes => ({
  dh: [rows, units],
  x: [rows, depth],
  h: [rows, units],
  kernel: [depth, 3 * units],
  recurrent: [units, 3 * units],
  bias: [3 * units],
});

/** One step of an LSTM cell of the Layers API with the given tensors for weights: h and c. */
export function applyLstm(
  gates: Gates,
  [x, h, c, kernel, recurrentKernel, bias]: tf.Tensor[],
): [h: tf.Tensor, c: tf.Tensor] {
  const cell = tf.layers.lstmCell({ units: h!.shape[1]!, recurrentActivation: gates });
  Object.assign(withWeights(cell, { kernel, recurrentKernel, bias }), { useBias: bias !== undefined });
  const [hNew, , cNew] = cell.call([x!, h!, c!], {}) as [tf.Tensor, tf.Tensor, tf.Tensor];
  return [hNew, cNew];
}

/** Of dh, dc, x, h, c and the weights: the cell's outputs, and the gradients of ⟨h, dh⟩ + ⟨c, dc⟩. */
export const lstmGradients =
  (gates: Gates) =>
  (dh: tf.Tensor, dc: tf.Tensor, ...inputs: tf.Tensor[]): tf.Tensor[] => {
    const loss = (...inputs: tf.Tensor[]) => {
      const [h, c] = applyLstm(gates, inputs);
      return tf.add(tf.sum(tf.mul(h, dh)), tf.sum(tf.mul(c, dc)));
    };
    return [...applyLstm(gates, inputs), ...tf.grads(loss)(inputs)];
  };

export const lstmShapes = (rows: number, depth: number, units: number): Shapes => ({
  dh: [rows, units],
  dc: [rows, units],
  x: [rows, depth],
  h: [rows, units],
  c: [rows, units],
  kernel: [depth, 4 * units],
  recurrent: [units, 4 * units],
  bias: [4 * units],
});

/** A recurrent layer of the Layers API, of all the ways to call it. */
export interface RecurrentCase {
  readonly kind: 'lstm' | 'gru';
  readonly gates: Gates;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly initial: boolean;
}

/** Of x [rows, steps, depth], the weights and two states: everything that the layer returns, and the gradients of its readout. */
export const recurrentGradients =
  ({ kind, gates, initial, ...options }: RecurrentCase) =>
  (...inputs: tf.Tensor[]): tf.Tensor[] => {
    const call = ([x, kernel, recurrentKernel, bias, h, c]: tf.Tensor[]): tf.Tensor[] => {
      const layer = tf.layers[kind]({ units: h!.shape[1]!, recurrentActivation: gates, ...options });
      withWeights((layer as unknown as { cell: tf.layers.Layer }).cell, { kernel, recurrentKernel, bias });
      const states = kind === 'lstm' ? [h!, c!] : [h!];
      return [layer.call(x!, initial ? { initialState: states } : {})].flat() as tf.Tensor[];
    };
    const readout = (...inputs: tf.Tensor[]): tf.Tensor => {
      const sums = call(inputs).map((y, i) => tf.sum(tf.mul(tf.square(y), tf.add(y, i + 0.5))));
      // Every input has a gradient, if only this one.
      return tf.addN([...sums, ...inputs.map((t) => tf.sum(t))]);
    };
    return [...call(inputs), ...tf.grads(readout)(inputs)];
  };
