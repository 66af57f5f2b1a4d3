import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** `SamBatchNorm`: y, mean and variance of x[…, C] normalised by its own statistics. */
export function batchNorm(call: KernelCall, side: SideModule): TensorInfo[] {
  const { epsilon } = attributes<{ epsilon: number }>(call);
  const [x, gamma, beta] = [input(call, 'x'), input(call, 'gamma'), input(call, 'beta')];
  const columns = sizeOf(gamma.shape);
  const [y, mean, variance] = [side.output(x.shape), side.output([columns]), side.output([columns])];
  const at = (t: TensorInfo): number => side.address(t);
  side.withMemory(columns * 4, (tmp) =>
    side.run.batchNorm(
      ...([at(x), sizeOf(x.shape) / columns, columns, at(gamma), at(beta), epsilon] as const),
      ...([at(y), at(mean), at(variance), tmp] as const),
    ),
  );
  return [y, mean, variance];
}

/** `SamBatchNormGrad`: gradients with respect to x, gamma and beta. */
export function batchNormGradient(call: KernelCall, side: SideModule): TensorInfo[] {
  const { epsilon } = attributes<{ epsilon: number }>(call);
  const [x, dy, gamma] = [input(call, 'x'), input(call, 'dy'), input(call, 'gamma')];
  const columns = sizeOf(gamma.shape);
  const outs = [side.output(x.shape), side.output([columns]), side.output([columns])] as const;
  const at = (t: TensorInfo): number => side.address(t);
  const statistics = ['mean', 'variance', 'dMean', 'dVariance'].map((name) => at(input(call, name)));
  const [mean, variance, dMean, dVariance] = statistics as [number, number, number, number];
  side.withMemory(columns * 12, (tmp) =>
    side.run.batchNormGradient(
      ...([at(x), at(dy), sizeOf(x.shape) / columns, columns, at(gamma)] as const),
      ...([mean, variance, dMean, dVariance, epsilon] as const),
      ...([at(outs[0]), at(outs[1]), at(outs[2]), tmp] as const),
    ),
  );
  return [...outs];
}

/** `SamMovingAverages`: momentum·old + (1 − momentum)·new of mean and variance. */
export function movingAverages(call: KernelCall, side: SideModule): TensorInfo[] {
  const { momentum } = attributes<{ momentum: number }>(call);
  const moved = (from: string, to: string): TensorInfo => {
    const [old, value] = [input(call, from), input(call, to)];
    const size = sizeOf(old.shape);
    const result = side.output(old.shape);
    const out = side.address(result);
    side.run.scale(momentum, side.address(old), out, size, false);
    side.run.axpy(1 - momentum, side.address(value), out, out, size);
    return result;
  };
  return [moved('oldMean', 'mean'), moved('oldVariance', 'variance')];
}
