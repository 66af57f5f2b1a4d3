import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** `SamLayerNorm`: y, and the mean and inverse deviation of each row of x[…, C], [rows, 2], for the gradient. */
export function layerNorm(call: KernelCall, side: SideModule): TensorInfo[] {
  const { epsilon } = attributes<{ epsilon: number }>(call);
  const [x, gamma, beta] = [input(call, 'x'), input(call, 'gamma'), input(call, 'beta')];
  const columns = sizeOf(gamma.shape);
  const rows = sizeOf(x.shape) / columns;
  const [y, statistics] = [side.output(x.shape), side.output([rows, 2])];
  const at = (t: TensorInfo): number => side.address(t);
  side.run.layerNorm(at(x), rows, columns, at(gamma), at(beta), epsilon, at(y), at(statistics));
  return [y, statistics];
}

/** `SamLayerNormGrad`: gradients with respect to x, gamma and beta. */
export function layerNormGradient(call: KernelCall, side: SideModule): TensorInfo[] {
  const [x, dy] = [input(call, 'x'), input(call, 'dy')];
  const [gamma, statistics] = [input(call, 'gamma'), input(call, 'statistics')];
  const columns = sizeOf(gamma.shape);
  const outs = [side.output(x.shape), side.output([columns]), side.output([columns])] as const;
  const at = (t: TensorInfo): number => side.address(t);
  side.withMemory(columns * 8, (tmp) =>
    side.run.layerNormGradient(
      ...([at(x), at(dy), sizeOf(x.shape) / columns, columns, at(gamma), at(statistics)] as const),
      ...([at(outs[0]), at(outs[1]), at(outs[2]), tmp] as const),
    ),
  );
  return [...outs];
}
