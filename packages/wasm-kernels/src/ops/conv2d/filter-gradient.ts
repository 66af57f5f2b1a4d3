import type { TensorInfo } from '@tensorflow/tfjs-core';
import { convGeometry, type WindowAttributes } from '../../geometry.js';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import { rowMajor, type SideModule, transposed } from '../../side/side-module.js';
import { convArguments, isPointwise, padded } from './padding.js';

/** Windows of a block, whose addresses `convFilterGradient` keeps beside the offsets of the filter's rows. */
const BLOCK_WINDOWS = 256;

/** ∂/∂W of conv2d: [kh, kw, C, O] from x and dy. */
export function conv2dFilterGradient(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const attrs = attributes<WindowAttributes & { filterShape: number[] }>(call);
  const [x, dy] = [input(call, 'x'), input(call, 'dy')];
  const info = convGeometry(x.shape, attrs.filterShape, attrs, dy.shape);
  if (info.dataFormat !== 'channelsLast') return undefined;
  if (sizeOf(x.shape) * sizeOf(dy.shape) === 0) return side.zeros(attrs.filterShape);
  const { inChannels, outChannels } = info;
  const out = side.output(attrs.filterShape);
  if (isPointwise(info)) {
    const pixels = info.batchSize * info.outHeight * info.outWidth;
    const left = transposed(rowMajor(side.address(x), inChannels));
    side.multiply(
      inChannels,
      outChannels,
      pixels,
      left,
      rowMajor(side.address(dy), outChannels),
      side.address(out),
    );
    return out;
  }
  const image = padded(side, x, info);
  const scratch = side.scratch();
  const rows = info.filterHeight * info.filterWidth * inChannels;
  side.withMemory((rows + BLOCK_WINDOWS) * 4, (table) => {
    const addresses = [side.address(image), side.address(dy), side.address(out)] as const;
    side.run.convFilterGradient(
      0,
      rows,
      0,
      outChannels,
      ...addresses,
      scratch,
      table,
      ...convArguments(image, info),
    );
  });
  if (image !== x) side.backend.disposeData(image.dataId);
  return out;
}
