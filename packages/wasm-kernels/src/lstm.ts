import { clone, engine, matMul, registerGradient, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { isUsable } from './gradients.js';
import { replaceLayerCall, type Weight } from './layers.js';

/** What is used of the Layers API's LSTMCell. */
interface LstmCell {
  readonly kernel: Weight;
  readonly recurrentKernel: Weight;
  readonly bias: Weight | null | undefined;
  readonly activation: Named;
  readonly recurrentActivation: Named;
  readonly dropout: number;
  readonly recurrentDropout: number;
}
interface Named {
  getClassName(): string;
}
type Call = (this: LstmCell, inputs: Tensor[], kwargs: { training?: boolean }) => Tensor[];

/** Registers the gradient of the fused cell: its gates are computed again, nothing is kept for it but the inputs. */
export function registerLstmGradient(): void {
  registerGradient({
    kernelName: 'SamLstmCell',
    inputsToSave: ['a', 'r', 'bias', 'c'],
    gradFunc: (dys, [a, r, bias, c], attrs) => {
      const [dh, dc] = dys as Tensor[];
      const inputs = { a: a!, r: r!, bias: bias!, c: c!, dh: dh!, dc: dc! };
      const [dz, dcOld] = engine().runKernel('SamLstmCellGrad', inputs, attrs) as unknown as [Tensor, Tensor];
      return { a: () => dz, r: () => clone(dz), bias: () => sum(dz, 0), c: () => dcOld };
    },
  });
}

const gates = ['sigmoid', 'hardSigmoid'];

/** Whether the fused cell computes what this cell does. */
function fits(cell: LstmCell, [x, h, c]: readonly Tensor[]): boolean {
  const plain = cell.dropout === 0 && cell.recurrentDropout === 0 && Boolean(cell.bias);
  const usual =
    cell.activation.getClassName() === 'tanh' && gates.includes(cell.recurrentActivation.getClassName());
  const matrices = [x, h, c].every((tensor) => tensor?.dtype === 'float32' && tensor.rank === 2);
  return plain && usual && matrices && isUsable('SamLstmCell');
}

function fusedCall(original: Call): Call {
  return function call(inputs, kwargs) {
    if (!fits(this, inputs)) return original.call(this, inputs, kwargs);
    return tidy(() => {
      const [x, h, c] = inputs as [Tensor, Tensor, Tensor];
      const cell = {
        a: matMul(x, this.kernel.read()),
        r: matMul(h, this.recurrentKernel.read()),
        bias: this.bias!.read(),
        c,
      };
      const attributes = { gates: this.recurrentActivation.getClassName() };
      const outs = engine().runKernel('SamLstmCell', cell, attributes) as unknown as [Tensor, Tensor];
      const [hNew, cNew] = outs;
      return [hNew, hNew, cNew];
    });
  };
}

/** Makes the Layers API's LSTM cell use the fused kernel, on backends that have it. */
export function fuseLstmCells(): void {
  replaceLayerCall('LSTMCell', fusedCall);
}
