import { customGrad, engine, reshape, slice, sum, type Tensor } from '@tensorflow/tfjs-core';
import { recurrentPatches, type Steps, type StepsResult } from '../../recurrent.js';

/**
 * The steps of an LSTM. The outputs [steps or 1, rows, units] and, behind them, the last c are one tensor: TensorFlow.js would make
 * zeros for the gradient of every output of a kernel that nobody used, what the gradient reads among them.
 */
const packed = (attributes: { gates: Steps['gates']; all: boolean }) =>
  customGrad((...args) => {
    const [a, recurrent, bias, h, c] = args as Tensor[];
    const save = args[5] as (tensors: Tensor[]) => void;
    const inputs = { a: a!, recurrent: recurrent!, bias: bias!, h: h!, c: c! };
    const outs = engine().runKernel('SamLstm', inputs, { ...attributes }) as unknown as Tensor[];
    const [value, ...kept] = outs as [Tensor, ...Tensor[]];
    save([recurrent!, h!, c!, ...kept]);
    return {
      value,
      gradFunc: (dy, saved) => {
        const [recurrent, h, c, hs, cs, gates] = saved as Tensor[];
        const given = {
          dy: dy as Tensor,
          recurrent: recurrent!,
          h: h!,
          c: c!,
          hs: hs!,
          cs: cs!,
          gates: gates!,
        };
        const outs = engine().runKernel('SamLstmGrad', given, { ...attributes }) as unknown as Tensor[];
        const [dz, dRecurrent, dh, dc] = outs as [Tensor, Tensor, Tensor, Tensor];
        return [dz, dRecurrent, sum(dz, 0), dh, dc];
      },
    };
  });

function run({ a, recurrent, bias, states, gates, all }: Steps): StepsResult {
  const [rows, units] = states[0]!.shape as [number, number];
  const value = packed({ gates, all })(a, recurrent, bias, ...states);
  const steps = value.shape[0]! - 1;
  const at = (step: number): Tensor => reshape(slice(value, [step, 0, 0], [1, rows, units]), [rows, units]);
  const outputs = slice(value, [0, 0, 0], [steps, rows, units]);
  return { outputs, states: [at(steps - 1), at(steps)] };
}

/** The Layers API's LSTM, which uses the fused kernel. */
export const lstmPatches = recurrentPatches({
  layer: 'LSTM',
  cell: 'LSTMCell',
  kernelName: 'SamLstm',
  states: 2,
  run,
});
