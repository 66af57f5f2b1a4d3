import { type backend_util, type Tensor, tensor } from '@tensorflow/tfjs-core';
import type { ConvInfo } from '../../geometry.js';

export type ConvInfo3d = ReturnType<typeof backend_util.computePool3DInfo>;

/** Windows along one axis. */
interface Axis {
  readonly outputs: number;
  readonly stride: number;
  readonly taps: number;
  readonly dilation: number;
  readonly before: number;
  readonly length: number;
}

/** Counts the taps of each window that lie inside the input. */
function tapsInside({ outputs, stride, taps, dilation, before, length }: Axis): number[] {
  return Array.from({ length: outputs }, (_, output) => {
    const origin = output * stride - before;
    const inside = (tap: number): boolean => origin + tap * dilation >= 0 && origin + tap * dilation < length;
    return Array.from({ length: taps }, (_tap, tap) => tap).filter(inside).length;
  });
}

function axesOf(info: ConvInfo | ConvInfo3d): Axis[] {
  const { padInfo } = info;
  const rows: Axis = {
    ...{ outputs: info.outHeight, stride: info.strideHeight, taps: info.filterHeight },
    ...{ dilation: info.dilationHeight, before: padInfo.top, length: info.inHeight },
  };
  const columns: Axis = {
    ...{ outputs: info.outWidth, stride: info.strideWidth, taps: info.filterWidth },
    ...{ dilation: info.dilationWidth, before: padInfo.left, length: info.inWidth },
  };
  if (!('inDepth' in info)) return [rows, columns];
  const depths: Axis = {
    ...{ outputs: info.outDepth, stride: info.strideDepth, taps: info.filterDepth },
    ...{ dilation: info.dilationDepth, before: info.padInfo.front, length: info.inDepth },
  };
  return [depths, rows, columns];
}

/**
 * The elements of a window over those of them that lie inside the input, for each window: [1, (outDepth,) outHeight,
 * outWidth, 1]. Undefined where no window hangs over the border.
 */
export function windowShare(info: ConvInfo | ConvInfo3d): Tensor | undefined {
  const axes = axesOf(info);
  const counts = axes.map(tapsInside);
  if (counts.every((axis, i) => axis.every((count) => count === axes[i]!.taps))) return undefined;
  let shares = [1];
  for (const [i, axis] of counts.entries())
    shares = shares.flatMap((share) => axis.map((count) => (share * axes[i]!.taps) / count));
  return tensor(shares, [1, ...counts.map((axis) => axis.length), 1]);
}
