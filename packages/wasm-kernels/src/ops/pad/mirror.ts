import { add, type GradConfig, reverse, slice, type Tensor } from '@tensorflow/tfjs-core';
import { fitAxis } from '../../composed/axes.js';

/** Gradient of mirrored padding along one axis: what was mirrored goes back to where it was read. */
function unmirrored(dy: Tensor, axis: number, before: number, length: number, offset: number): Tensor {
  const after = dy.shape[axis]! - before - length;
  const part = (from: number, count: number): Tensor =>
    slice(
      dy,
      dy.shape.map((_, i) => (i === axis ? from : 0)),
      dy.shape.map((n, i) => (i === axis ? count : n)),
    );
  let dx = part(before, length);
  if (before > 0) dx = add(dx, fitAxis(reverse(part(0, before), axis), axis, offset, length));
  if (after === 0) return dx;
  const last = reverse(part(before + length, after), axis);
  return add(dx, fitAxis(last, axis, length - offset - after, length));
}

/** The gradient of mirrored padding. */
export const mirrorPadGradient: GradConfig = {
  kernelName: 'MirrorPad',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], { paddings, mode }) => ({
    x: () =>
      (paddings as [number, number][]).reduce(
        (rest, [before], axis) => unmirrored(rest, axis, before, x!.shape[axis]!, mode === 'reflect' ? 1 : 0),
        dy as Tensor,
      ),
  }),
};
