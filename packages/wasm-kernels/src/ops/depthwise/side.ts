import type { TensorInfo } from '@tensorflow/tfjs-core';
import { depthwiseArguments, depthwiseGeometry, type WindowAttributes } from '../../geometry.js';
import { attributes, input, type KernelCall } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** ∂/∂x of depthwiseConv2d. */
export function depthwiseInputGradient(call: KernelCall, side: SideModule): TensorInfo {
  const attrs = attributes<WindowAttributes & { inputShape: number[] }>(call);
  const [dy, filter] = [input(call, 'dy'), input(call, 'filter')];
  const info = depthwiseGeometry(attrs.inputShape, filter.shape, attrs, dy.shape);
  const out = side.output(attrs.inputShape);
  side.run.depthwiseInputGradient(
    side.address(dy),
    side.address(filter),
    side.address(out),
    ...depthwiseArguments(info),
  );
  return out;
}

/** ∂/∂W of depthwiseConv2d. */
export function depthwiseFilterGradient(call: KernelCall, side: SideModule): TensorInfo {
  const attrs = attributes<WindowAttributes & { filterShape: number[] }>(call);
  const [x, dy] = [input(call, 'x'), input(call, 'dy')];
  const info = depthwiseGeometry(x.shape, attrs.filterShape, attrs, dy.shape);
  const out = side.output(attrs.filterShape);
  side.run.depthwiseFilterGradient(
    side.address(x),
    side.address(dy),
    side.address(out),
    ...depthwiseArguments(info),
  );
  return out;
}
