import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall } from '../../kernel.js';
import type { StepsAttributes } from '../../recurrent.js';
import { activations } from '../../side/activations.js';
import { rowMajor, type SideModule, transposed } from '../../side/side-module.js';

/** The lengths of a call whose gates are [steps·rows, 4·units]. */
function lengthsOf(call: KernelCall, gates: TensorInfo) {
  const [rows, units] = input(call, 'h').shape as [number, number];
  return { rows, units, steps: gates.shape[0]! / rows, plane: rows * units * 4 };
}

/** `SamLstm`: [the outputs, the last c], and h and c of all steps [steps, rows, units] and their gates, for the gradient. */
export function lstm(call: KernelCall, side: SideModule): TensorInfo[] {
  const { gates, all } = attributes<StepsAttributes>(call);
  const a = input(call, 'a');
  const { rows, units, steps, plane } = lengthsOf(call, a);
  const shape = [steps, rows, units];
  const outs = [[all ? steps + 1 : 2, rows, units], shape, shape, a.shape].map((each) => side.output(each));
  const [out, hs, cs, z] = outs.map((each) => side.address(each)) as [number, number, number, number];
  const [from, recurrent, bias, h, c] = ['a', 'recurrent', 'bias', 'h', 'c'].map((name) =>
    side.address(input(call, name)),
  ) as [number, number, number, number, number];
  for (let t = 0; t < steps; t++) {
    const [now, before] = [t * plane, (t - 1) * plane];
    const zNow = z + 4 * now;
    const last = rowMajor(t === 0 ? h : hs + before, units);
    side.multiply(rows, 4 * units, units, last, rowMajor(recurrent, 4 * units), zNow);
    side.run.lstmCell(
      ...([from + 4 * now, zNow, bias, t === 0 ? c : cs + before, rows, units] as const),
      ...([activations[gates], hs + now, cs + now] as const),
    );
  }
  const end = steps * plane;
  const outputs = all ? end : plane;
  side.copy(out, hs + end - outputs, outputs);
  side.copy(out + outputs, cs + end - plane, plane);
  return outs;
}

/** `SamLstmGrad`: gradients with respect to a, the recurrent kernel, h and c. */
export function lstmGradient(call: KernelCall, side: SideModule): TensorInfo[] {
  const { gates, all } = attributes<StepsAttributes>(call);
  const z = input(call, 'gates');
  const { rows, units, steps, plane } = lengthsOf(call, z);
  const outs = [z, input(call, 'recurrent'), input(call, 'h'), input(call, 'c')].map(({ shape }) =>
    side.output(shape),
  );
  const [dz, dRecurrent, dh, dc] = outs.map((each) => side.address(each)) as [number, number, number, number];
  const [dy, recurrent, h, c, hs, cs] = ['dy', 'recurrent', 'h', 'c', 'hs', 'cs'].map((name) =>
    side.address(input(call, name)),
  ) as [number, number, number, number, number, number];
  const open = side.address(z);
  const turned = transposed(rowMajor(recurrent, 4 * units));
  const outputs = all ? steps * plane : plane;
  side.scratch();
  side.withMemory(4 * units, (tmp) => {
    side.copy(dc, dy + outputs, plane);
    side.copy(dh, dy + outputs - plane, plane);
    for (let t = steps - 1; t >= 0; t--) {
      const [now, before] = [t * plane, (t - 1) * plane];
      if (all && t < steps - 1) side.run.axpy(1, dy + now, dh, dh, rows * units);
      side.run.lstmCellGradient(
        ...([open + 4 * now, t === 0 ? c : cs + before, cs + now, dh, dc, rows, units] as const),
        ...([activations[gates], dz + 4 * now, dc, tmp] as const),
      );
      side.multiply(rows, units, 4 * units, rowMajor(dz + 4 * now, 4 * units), turned, dh);
    }
  });
  // The states before each step, times the gradients at its gates: the first state stands apart.
  const product = (states: number, of: number, terms: number, add: boolean): void =>
    side.multiply(
      ...([units, 4 * units, terms, transposed(rowMajor(states, units)), rowMajor(of, 4 * units)] as const),
      ...([dRecurrent, add] as const),
    );
  product(h, dz, rows, false);
  if (steps > 1) product(hs, dz + 4 * plane, (steps - 1) * rows, true);
  return outs;
}
