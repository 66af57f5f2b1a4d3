import { matMul, reshape, reverse, type Tensor, tidy, transpose, zeros } from '@tensorflow/tfjs-core';
import { isUsable } from './availability.js';
import { layerCall, onlyInput, type RecurrentCell, usesUsualGates } from './layers.js';
import type { Patch } from './patches.js';
import type { CellAttributes } from './side/activations.js';

/** A recurrent layer's steps, as its kernel takes them. */
export interface Steps {
  /** The products of the inputs of all steps with the kernel, [steps·rows, gates·units], step by step. */
  readonly a: Tensor;
  readonly recurrent: Tensor;
  readonly bias: Tensor;
  /** The states before the first step, each [rows, units]. */
  readonly states: readonly Tensor[];
  readonly gates: CellAttributes['gates'];
  /** Outputs of all steps are wanted, or of the last. */
  readonly all: boolean;
}

/** Results of the steps: outputs [steps or 1, rows, units], and the last states. */
export interface StepsResult {
  readonly outputs: Tensor;
  readonly states: Tensor[];
}

/** A kind of recurrent layer: the names of its classes and of its kernel, the number of its states, its computation. */
export interface RecurrentKind {
  readonly layer: string;
  readonly cell: string;
  readonly kernelName: string;
  readonly states: number;
  readonly run: (steps: Steps) => StepsResult;
}

/** Attributes of the kernels of all steps. */
export interface StepsAttributes extends CellAttributes {
  readonly all: boolean;
}

type CellCall = (this: RecurrentCell, inputs: Tensor[], kwargs: object) => Tensor[];

/** The members that are used of a recurrent layer of the Layers API. */
interface RecurrentLayer {
  readonly cell: RecurrentCell;
  readonly returnSequences: boolean;
  readonly returnState: boolean;
  readonly goBackwards: boolean;
  readonly stateful: boolean;
  readonly unroll: boolean;
}

type Call = (
  this: RecurrentLayer,
  inputs: Tensor | Tensor[],
  kwargs: { mask?: Tensor; initialState?: Tensor[] } | null | undefined,
) => Tensor | Tensor[];

/** True where states are [rows, units] of float32: others are refused by the Layers API, and a kernel would read beyond them. */
const fit = (states: readonly Tensor[], count: number, rows: number, units: number): boolean =>
  states.length === count &&
  states.every(
    ({ dtype, rank, shape }) => dtype === 'float32' && rank === 2 && shape[0] === rows && shape[1] === units,
  );

const stepsOf = (cell: RecurrentCell, x: Tensor, states: readonly Tensor[], all: boolean): Steps => ({
  a: matMul(x, cell.kernel.read()),
  recurrent: cell.recurrentKernel.read(),
  bias: cell.bias!.read(),
  states,
  gates: cell.recurrentActivation.getClassName() as Steps['gates'],
  all,
});

/** A cell's call: a single step. */
function cellPatch({ cell, kernelName, states: count, run }: RecurrentKind): Patch {
  return layerCall<CellCall>(cell, (original) => {
    return function call(inputs, kwargs) {
      const [x, ...states] = Array.isArray(inputs) ? inputs : [inputs];
      const usual =
        x?.dtype === 'float32' && x.rank === 2 && x.size > 0 && usesUsualGates(this) && isUsable(kernelName);
      if (!usual || !fit(states, count, x.shape[0]!, this.recurrentKernel.read().shape[0]!))
        return original.call(this, inputs, kwargs);
      return tidy(() => {
        const { states: next } = run(stepsOf(this, x, states, false));
        return [next[0]!, ...next];
      });
    };
  });
}

/** A layer's call: all steps at once, where it neither masks nor keeps its state. */
function layerPatch({ layer, kernelName, states: count, run }: RecurrentKind): Patch {
  return layerCall<Call>(layer, (original) => {
    return function call(inputs, kwargs) {
      const x = onlyInput(inputs);
      const usual =
        x?.rank === 3 &&
        x.size > 0 &&
        !kwargs?.mask &&
        !this.stateful &&
        !this.unroll &&
        usesUsualGates(this.cell) &&
        isUsable(kernelName);
      if (!usual) return original.call(this, inputs, kwargs);
      const [rows, time, depth] = x.shape as [number, number, number];
      const units = this.cell.recurrentKernel.read().shape[0]!;
      const given = kwargs?.initialState;
      if (given && !fit(given, count, rows, units)) return original.call(this, inputs, kwargs);
      return tidy(() => {
        const states = given ?? Array.from({ length: count }, () => zeros([rows, units]));
        const ordered = transpose(x, [1, 0, 2]);
        const steps = reshape(this.goBackwards ? reverse(ordered, 0) : ordered, [time * rows, depth]);
        const { outputs, states: last } = run(stepsOf(this.cell, steps, states, this.returnSequences));
        const output = this.returnSequences ? transpose(outputs, [1, 0, 2]) : reshape(outputs, [rows, units]);
        return this.returnState ? [output, ...last] : output;
      });
    };
  });
}

/** The Layers API's layer and cell of a kind, on its kernel. */
export const recurrentPatches = (kind: RecurrentKind): Patch[] => [layerPatch(kind), cellPatch(kind)];
