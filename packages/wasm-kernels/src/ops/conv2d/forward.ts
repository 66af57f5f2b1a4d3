import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type ConvInfo, convGeometry, type WindowAttributes } from '../../geometry.js';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';
import { convArguments, padded } from './padding.js';

/** Room for the addresses of the windows of one block. */
const TABLE_BYTES = 128 * 4;

/** The work on the windows of an image; filter and bias are addresses. */
export interface Convolution {
  readonly filter: number;
  readonly bias?: number;
  readonly relu?: boolean;
}

/** Convolves a padded image. */
export function convolve(
  side: SideModule,
  image: TensorInfo,
  { filter, bias = 0, relu = false }: Convolution,
  out: number,
  info: ConvInfo,
): void {
  const scratch = side.scratch();
  side.withMemory(TABLE_BYTES, (table) =>
    side.run.convForward(
      side.address(image),
      filter,
      bias,
      relu,
      out,
      scratch,
      table,
      ...convArguments(image, info),
    ),
  );
}

/**
 * conv2d with or without a bias and ReLU, which is an activation of `FusedConv2D` and the attribute `relu` of `SamConv2D`.
 * Other cases are left alone.
 */
export function conv2d(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const attrs = attributes<WindowAttributes & { activation?: string; relu?: boolean }>(call);
  const [x, filter] = [input(call, 'x'), input(call, 'filter')];
  const { bias, preluActivationWeights } = call.inputs;
  const { activation = 'linear', relu = activation === 'relu' } = attrs;
  const plain = (activation === 'linear' || relu) && !preluActivationWeights;
  const float = x.dtype === 'float32' && filter.dtype === 'float32';
  if (!plain || !float || attrs.dataFormat === 'NCHW') return undefined;
  const info = convGeometry(x.shape, filter.shape, attrs);
  const fits = !bias || (bias.shape.length === 1 && bias.shape[0] === info.outChannels);
  if (!fits || sizeOf(x.shape) * sizeOf(filter.shape) * sizeOf(info.outShape) === 0) return undefined;
  const image = padded(side, x, info);
  const out = side.output(info.outShape);
  const convolution = { filter: side.address(filter), relu, ...(bias && { bias: side.address(bias) }) };
  convolve(side, image, convolution, side.address(out), info);
  if (image !== x) side.backend.disposeData(image.dataId);
  return out;
}
