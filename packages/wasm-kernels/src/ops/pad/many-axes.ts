import { pad, reshape, type Tensor, type TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, MOST_AXES, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** `pad` of many axes: along one after the other, each the middle one of three. */
export function padAxes(call: KernelCall): TensorInfo | undefined {
  const { shape, dtype } = input(call, 'x');
  if (shape.length <= MOST_AXES || dtype !== 'float32' || sizeOf(shape) === 0) return undefined;
  const { paddings, constantValue } = attributes<PadAttributes>(call);
  const out = [...shape];
  return compose(call, ['x'], ({ x }) => {
    let padded: Tensor = x;
    for (const [axis, [before, after]] of paddings.entries()) {
      if (before + after === 0) continue;
      const parts = reshape(padded, [sizeOf(out.slice(0, axis)), out[axis]!, sizeOf(out.slice(axis + 1))]);
      const margins: [number, number][] = [
        [0, 0],
        [before, after],
        [0, 0],
      ];
      padded = pad(parts, margins, constantValue);
      out[axis]! += before + after;
    }
    return reshape(padded, out);
  });
}

interface PadAttributes {
  readonly paddings: [number, number][];
  readonly constantValue: number;
}
