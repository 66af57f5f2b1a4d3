import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type ConvInfo, poolGeometry, type WindowAttributes, windowArguments } from '../../geometry.js';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

type PoolAttributes = WindowAttributes & { filterSize: [number, number] | number };

const tilesInTwos = (info: ConvInfo): boolean =>
  info.filterHeight === 2 &&
  info.filterWidth === 2 &&
  info.strideHeight === 2 &&
  info.strideWidth === 2 &&
  info.padInfo.top + info.padInfo.left === 0 &&
  info.inHeight === 2 * info.outHeight &&
  info.inWidth === 2 * info.outWidth;

/** ∂/∂x of maxPool: the first maximum of each window takes the gradient. */
export function maxPoolGradient(call: KernelCall, side: SideModule): TensorInfo {
  const attrs = attributes<PoolAttributes>(call);
  const [dy, x] = [input(call, 'dy'), input(call, 'input')];
  const info = poolGeometry(x.shape, attrs.filterSize, attrs, dy.shape);
  if (sizeOf(dy.shape) === 0) return side.zeros(x.shape);
  const out = side.output(x.shape);
  const addresses = [side.address(x), side.address(dy), side.address(out)] as const;
  if (tilesInTwos(info))
    side.run.maxPoolGradient2(...addresses, info.batchSize, info.outHeight, info.outWidth, info.inChannels);
  else side.run.maxPoolGradient(...addresses, ...windowArguments(info));
  return out;
}
