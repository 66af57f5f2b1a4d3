import type { TensorInfo } from '@tensorflow/tfjs-core';
import { poolGeometry, type WindowAttributes, windowArguments } from '../../geometry.js';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

type PoolAttributes = WindowAttributes & { filterSize: [number, number] | number };

/** ∂/∂x of avgPool, divided by the whole window: what lies inside at a border, `gradient.ts` has put into dy. */
export function avgPoolGradient(call: KernelCall, side: SideModule): TensorInfo {
  const attrs = attributes<PoolAttributes>(call);
  const [dy, x] = [input(call, 'dy'), input(call, 'input')];
  const info = poolGeometry(x.shape, attrs.filterSize, attrs, dy.shape);
  if (sizeOf(dy.shape) === 0) return side.zeros(x.shape);
  const out = side.output(x.shape);
  const scale = 1 / (info.filterHeight * info.filterWidth);
  side.run.avgPoolGradient(side.address(dy), side.address(out), ...windowArguments(info), scale);
  return out;
}
