import type { TensorInfo } from '@tensorflow/tfjs-core';
import {
  depthwiseArguments,
  depthwiseGeometry,
  type WindowAttributes,
  windowArguments,
} from '../../geometry.js';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** Channels of a vector: fewer are faster on TensorFlow.js's own kernel. */
const LANES = 4;

/** depthwiseConv2d with one filter for each channel; other multipliers are left to TensorFlow.js. */
export function depthwiseConv2d(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const attrs = attributes<WindowAttributes & { dataFormat?: string }>(call);
  const [x, filter] = [input(call, 'x'), input(call, 'filter')];
  if (attrs.dataFormat === 'NCHW' || x.dtype !== 'float32' || filter.dtype !== 'float32') return undefined;
  const info = depthwiseGeometry(x.shape, filter.shape, attrs);
  if (filter.shape[3] !== 1 || info.inChannels < LANES || sizeOf(info.outShape) === 0) return undefined;
  const out = side.output(info.outShape);
  side.run.depthwiseForward(
    side.address(x),
    side.address(filter),
    side.address(out),
    ...windowArguments(info),
  );
  return out;
}

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
