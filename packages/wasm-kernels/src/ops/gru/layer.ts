import { customGrad, engine, reshape, slice, sum, type Tensor } from '@tensorflow/tfjs-core';
import { recurrentPatches, type Steps, type StepsResult } from '../../recurrent.js';

/** The outputs [steps or 1, rows, units] of the steps of a GRU. What the gradient reads is no output: see the LSTM. */
const outputsOf = (attributes: { gates: Steps['gates']; all: boolean }) =>
  customGrad((...args) => {
    const [a, recurrent, bias, h] = args as Tensor[];
    const save = args[4] as (tensors: Tensor[]) => void;
    const inputs = { a: a!, recurrent: recurrent!, bias: bias!, h: h! };
    const outs = engine().runKernel('SamGru', inputs, { ...attributes }) as unknown as Tensor[];
    const [value, ...kept] = outs as [Tensor, ...Tensor[]];
    save([recurrent!, h!, ...kept]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [recurrent, h, hs, gates, resets] = saved as Tensor[];
        const given = {
          dy: dy as Tensor,
          recurrent: recurrent!,
          h: h!,
          hs: hs!,
          gates: gates!,
          resets: resets!,
        };
        const outs = engine().runKernel('SamGruGrad', given, { ...attributes }) as unknown as Tensor[];
        const [dz, dRecurrent, dh] = outs as [Tensor, Tensor, Tensor];
        return [dz, dRecurrent, sum(dz, 0), dh];
      },
    };
  });

function run({ a, recurrent, bias, states, gates, all }: Steps): StepsResult {
  const [rows, units] = states[0]!.shape as [number, number];
  const outputs = outputsOf({ gates, all })(a, recurrent, bias, ...states);
  const last = outputs.shape[0]! - 1;
  const state = last === 0 ? outputs : slice(outputs, [last, 0, 0], [1, rows, units]);
  return { outputs, states: [reshape(state, [rows, units])] };
}

/** The Layers API's GRU, which uses the fused kernel. */
export const gruPatches = recurrentPatches({
  layer: 'GRU',
  cell: 'GRUCell',
  kernelName: 'SamGru',
  states: 1,
  run,
});
