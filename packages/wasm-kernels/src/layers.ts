import { engine, env, serialization, type Tensor } from '@tensorflow/tfjs-core';
import type { Patch } from './patches.js';

/** The members that are read of a layer's weight. */
export interface Weight {
  read(): Tensor;
}

/** `call` of a layer of the Layers API. */
export type LayerCall<Layer> = (
  this: Layer,
  inputs: Tensor | Tensor[],
  kwargs: { training?: boolean },
) => Tensor;

/** A layer's input where it is a single tensor of float32. */
export function onlyInput(inputs: Tensor | Tensor[]): Tensor | undefined {
  const [x, ...others] = Array.isArray(inputs) ? inputs : [inputs];
  return x?.dtype === 'float32' && others.length === 0 ? x : undefined;
}

/**
 * True where a layer has the weights and activations of TensorFlow.js's own: a class that somebody registered under the same name
 * may have others.
 */
export function hasMembers(
  layer: object,
  weights: readonly string[],
  activations: readonly string[] = [],
): boolean {
  const isMade = (name: string, method: string) =>
    typeof (Reflect.get(layer, name) as Record<string, unknown> | null | undefined)?.[method] === 'function';
  return (
    weights.every((name) => isMade(name, 'read')) &&
    activations.every((name) => isMade(name, 'getClassName') && isMade(name, 'apply'))
  );
}

/** True while operations are recorded for a gradient: else TensorFlow.js has fused kernels of its own. */
export const inRecordedGradient = (): boolean => engine().state.gradientDepth > 0;

const SPLIT_FLAG = 'SAM_SPLIT_ACTIVATIONS';
env().registerFlag(SPLIT_FLAG, () => false);

/** True where activations with a kink are to run as kernels of their own: somebody watches for them, as core's curvature does. */
export const splitsActivations = (): boolean => env().getBool(SPLIT_FLAG);

/** The members that are used of the Layers API's LSTM and GRU cells. */
export interface RecurrentCell {
  readonly kernel: Weight;
  readonly recurrentKernel: Weight;
  readonly bias: Weight | null | undefined;
  readonly activation: { getClassName(): string };
  readonly recurrentActivation: { getClassName(): string };
  readonly dropout: number;
  readonly recurrentDropout: number;
}

const gates = ['sigmoid', 'hardSigmoid'];

/** True where a cell is one that the fused kernels compute: with a bias and the usual activations, without dropout. */
export function usesUsualGates(cell: RecurrentCell): boolean {
  const gated = hasMembers(
    cell,
    ['kernel', 'recurrentKernel', 'bias'],
    ['activation', 'recurrentActivation'],
  );
  return (
    gated &&
    cell.dropout === 0 &&
    cell.recurrentDropout === 0 &&
    cell.activation.getClassName() === 'tanh' &&
    gates.includes(cell.recurrentActivation.getClassName()) &&
    !(splitsActivations() && cell.recurrentActivation.getClassName() === 'hardSigmoid')
  );
}

/**
 * The prototype of a class of the Layers API, by the name under which it registers when it is loaded: no dependency on them is
 * needed, and no second copy can come in.
 */
export const registeredClass = (className: string): object | undefined =>
  serialization.SerializationMap.getMap().classNameMap[className]?.[0].prototype as object | undefined;

/** Replaces the `call` of a layer of the Layers API, where that is loaded, by one that may hand over to the original. */
export const layerCall = <Call extends (...args: never[]) => unknown>(
  className: string,
  wrap: (original: Call) => Call,
): Patch => ({
  owner: () => registeredClass(className),
  method: 'call',
  wrap: wrap as unknown as Patch['wrap'],
});
