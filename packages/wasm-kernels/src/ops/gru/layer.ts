import { engine, type GradConfig, matMul, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { isUsable } from '../../availability.js';
import { layerCall, type RecurrentCell, usesUsualGates } from '../../layers.js';

type Call = (this: RecurrentCell, inputs: Tensor[], kwargs: { training?: boolean }) => Tensor[];

/** The gradient of the fused cell: what its activations are taken of is kept, the rest computed again. */
export const gruGradients: readonly GradConfig[] = [
  {
    kernelName: 'SamGruCell',
    inputsToSave: ['h', 'recurrent'],
    outputsToSave: [false, true],
    gradFunc: (dys, [h, recurrent, z], attrs) => {
      const inputs = { z: z!, h: h!, recurrent: recurrent!, dh: (dys as Tensor[])[0]! };
      const outs = engine().runKernel('SamGruCellGrad', inputs, attrs) as unknown as [Tensor, Tensor, Tensor];
      const [dz, dhOld, dRecurrent] = outs;
      return { a: () => dz, h: () => dhOld, recurrent: () => dRecurrent, bias: () => sum(dz, 0) };
    },
  },
];

function fusedCall(original: Call): Call {
  return function call(inputs, kwargs) {
    if (!usesUsualGates(this, inputs, 1) || !isUsable('SamGruCell'))
      return original.call(this, inputs, kwargs);
    return tidy(() => {
      const [x, h] = inputs as [Tensor, Tensor];
      const a = matMul(x, this.kernel.read());
      const cell = { a, h, recurrent: this.recurrentKernel.read(), bias: this.bias!.read() };
      const attributes = { gates: this.recurrentActivation.getClassName() };
      const [hNew] = engine().runKernel('SamGruCell', cell, attributes) as unknown as [Tensor];
      return [hNew, hNew];
    });
  };
}

/** The Layers API's GRU cell, which uses the fused kernel. */
export const gruCell = layerCall('GRUCell', fusedCall);
