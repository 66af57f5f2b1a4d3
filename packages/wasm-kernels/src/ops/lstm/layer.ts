import { clone, engine, type GradConfig, matMul, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { isUsable } from '../../availability.js';
import { layerCall, type RecurrentCell, usesUsualGates } from '../../layers.js';

type Call = (this: RecurrentCell, inputs: Tensor[], kwargs: { training?: boolean }) => Tensor[];

/** The gradient of the fused cell: its gates are computed again, nothing is kept for it but the inputs. */
export const lstmGradients: readonly GradConfig[] = [
  {
    kernelName: 'SamLstmCell',
    inputsToSave: ['a', 'r', 'bias', 'c'],
    gradFunc: (dys, [a, r, bias, c], attrs) => {
      const [dh, dc] = dys as Tensor[];
      const inputs = { a: a!, r: r!, bias: bias!, c: c!, dh: dh!, dc: dc! };
      const [dz, dcOld] = engine().runKernel('SamLstmCellGrad', inputs, attrs) as unknown as [Tensor, Tensor];
      return { a: () => dz, r: () => clone(dz), bias: () => sum(dz, 0), c: () => dcOld };
    },
  },
];

function fusedCall(original: Call): Call {
  return function call(inputs, kwargs) {
    if (!usesUsualGates(this, inputs, 2) || !isUsable('SamLstmCell'))
      return original.call(this, inputs, kwargs);
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

/** The Layers API's LSTM cell, which uses the fused kernel. */
export const lstmCell = layerCall('LSTMCell', fusedCall);
