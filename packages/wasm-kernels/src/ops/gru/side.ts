import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall } from '../../kernel.js';
import type { StepsAttributes } from '../../recurrent.js';
import { activations } from '../../side/activations.js';
import { rowMajor, type SideModule, transposed } from '../../side/side-module.js';

/** The lengths of a call whose gates are [steps·rows, 3·units], and where the recurrent kernel's parts lie: of both gates, of the candidate. */
function cellOf(call: KernelCall, side: SideModule, gates: TensorInfo) {
  const [rows, units] = input(call, 'h').shape as [number, number];
  const recurrent = side.address(input(call, 'recurrent'));
  return {
    ...{ rows, units, steps: gates.shape[0]! / rows, plane: rows * units * 4 },
    ofGates: rowMajor(recurrent, 3 * units),
    ofCandidate: rowMajor(recurrent + 8 * units, 3 * units),
    /** Bytes of a row of gates, and to its candidate. */
    ...{ row: 12 * units, last: 8 * units },
  };
}

/** `SamGru`: the outputs, and for the gradient h of all steps [steps, rows, units], their gates, and r·h. */
export function gru(call: KernelCall, side: SideModule): TensorInfo[] {
  const { gates, all } = attributes<StepsAttributes>(call);
  const a = input(call, 'a');
  const { rows, units, steps, plane, ofGates, ofCandidate, row, last } = cellOf(call, side, a);
  const shape = [steps, rows, units];
  const outs = [[all ? steps : 1, rows, units], shape, a.shape, shape].map((each) => side.output(each));
  const [out, hs, z, resets] = outs.map((each) => side.address(each)) as [number, number, number, number];
  const [from, bias, h] = ['a', 'bias', 'h'].map((name) => side.address(input(call, name))) as [
    number,
    number,
    number,
  ];
  const kind = activations[gates];
  for (let t = 0; t < steps; t++) {
    const now = t * plane;
    const [aNow, zNow, reset] = [from + 3 * now, z + 3 * now, resets + now];
    const state = t === 0 ? h : hs + now - plane;
    side.multiply(rows, 2 * units, units, rowMajor(state, units), ofGates, zNow, false, row);
    side.run.gruGates(aNow, zNow, bias, state, rows, units, kind, reset);
    side.multiply(rows, units, units, rowMajor(reset, units), ofCandidate, zNow + last, false, row);
    side.run.gruOutput(aNow, zNow, bias, state, rows, units, kind, hs + now);
  }
  const outputs = all ? steps * plane : plane;
  side.copy(out, hs + steps * plane - outputs, outputs);
  return outs;
}

/** `SamGruGrad`: gradients with respect to a, the recurrent kernel and h. */
export function gruGradient(call: KernelCall, side: SideModule): TensorInfo[] {
  const { gates, all } = attributes<StepsAttributes>(call);
  const z = input(call, 'gates');
  const { rows, units, steps, plane, ofGates, ofCandidate, row, last } = cellOf(call, side, z);
  const outs = [z, input(call, 'recurrent'), input(call, 'h')].map(({ shape }) => side.output(shape));
  const [dz, dRecurrent, dh] = outs.map((each) => side.address(each)) as [number, number, number];
  const [dy, h, hs, resets] = ['dy', 'h', 'hs', 'resets'].map((name) => side.address(input(call, name))) as [
    number,
    number,
    number,
    number,
  ];
  const [open, kind] = [side.address(z), activations[gates]];
  side.scratch();
  side.withMemory(2 * plane, (dReset) => {
    const dNext = dReset + plane;
    side.copy(dh, dy + (all ? steps - 1 : 0) * plane, plane);
    for (let t = steps - 1; t >= 0; t--) {
      const now = t * plane;
      const [zNow, dzNow, state] = [open + 3 * now, dz + 3 * now, t === 0 ? h : hs + now - plane];
      if (all && t < steps - 1) side.run.axpy(1, dy + now, dh, dh, rows * units);
      side.copy(dNext, dh, plane);
      side.run.gruOutputGradient(zNow, state, dNext, rows, units, kind, dzNow, dh);
      const [dGates, dCandidate] = [rowMajor(dzNow, 3 * units), rowMajor(dzNow + last, 3 * units)];
      side.multiply(rows, units, units, dCandidate, transposed(ofCandidate), dReset);
      side.run.gruResetGradient(zNow, state, dReset, rows, units, kind, dzNow, dh);
      side.multiply(rows, units, 2 * units, dGates, transposed(ofGates), dh, true);
    }
  });
  // The states before each step, times the gradients at its gates (the first state stands apart), and r·h at the candidate's.
  const product = (n: number, states: number, of: number, to: number, terms: number, add: boolean): void =>
    side.multiply(
      ...([units, n, terms, transposed(rowMajor(states, units)), rowMajor(of, 3 * units)] as const),
      ...([to, add, row] as const),
    );
  product(2 * units, h, dz, dRecurrent, rows, false);
  if (steps > 1) product(2 * units, hs, dz + 3 * plane, dRecurrent, (steps - 1) * rows, true);
  product(units, resets, dz + last, dRecurrent + last, steps * rows, false);
  return outs;
}
