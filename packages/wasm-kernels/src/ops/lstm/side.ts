import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { activations, type CellAttributes } from '../../side/activations.js';
import type { SideModule } from '../../side/side-module.js';

/** `SamLstmCell`: h and c of the next step from a + r + bias [rows, 4·units] and c [rows, units]. */
export function lstmCell(call: KernelCall, side: SideModule): TensorInfo[] {
  const { gates } = attributes<CellAttributes>(call);
  const { shape } = input(call, 'c');
  const [rows, units] = shape as [number, number];
  const outs = [side.output(shape), side.output(shape)];
  side.withMemory(16 * units, (tmp) => {
    const at = (name: string): number => side.address(input(call, name));
    const [h, c] = outs.map((out) => side.address(out)) as [number, number];
    const kind = activations[gates];
    side.run.lstmCell(at('a'), at('r'), at('bias'), at('c'), rows, units, kind, h, c, tmp);
  });
  return outs;
}

/** `SamLstmCellGrad`: gradients with respect to a + r + bias and to c. */
export function lstmCellGradient(call: KernelCall, side: SideModule): TensorInfo[] {
  const { gates } = attributes<CellAttributes>(call);
  const { shape } = input(call, 'c');
  const [rows, units] = shape as [number, number];
  const outs = [side.output(input(call, 'a').shape), side.output(shape)];
  side.withMemory(36 * units, (tmp) => {
    const at = (name: string): number => side.address(input(call, name));
    const [dz, dc] = outs.map((out) => side.address(out)) as [number, number];
    const cell = [at('a'), at('r'), at('bias'), at('c')] as const;
    side.run.lstmCellGradient(...cell, at('dh'), at('dc'), rows, units, activations[gates], dz, dc, tmp);
  });
  return outs;
}
