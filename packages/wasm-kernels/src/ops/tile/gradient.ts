import { type GradConfig, reshape, sum, type Tensor, zeros } from '@tensorflow/tfjs-core';

/** An axis of a tiled tensor: so many copies of so many elements. */
interface TiledAxis {
  readonly copies: number;
  readonly length: number;
}

/** The axes of a tile, with neighbours joined where that makes one axis of copies. */
function tiledAxes(shape: readonly number[], reps: readonly number[]): TiledAxis[] {
  const axes: TiledAxis[] = [];
  for (const [axis, length] of shape.entries()) {
    const copies = reps[axis]!;
    const last = axes.at(-1);
    if (last && last.length === 1) axes[axes.length - 1] = { copies: last.copies * copies, length };
    else if (last && copies === 1) axes[axes.length - 1] = { ...last, length: last.length * length };
    else axes.push({ copies, length });
  }
  return axes;
}

/** Σ over the middle axis of [before, copies, inner], of as few axes as that takes. */
function sumCopies(x: Tensor, before: number, copies: number, inner: number): Tensor {
  if (inner === 1) return sum(reshape(x, [before, copies]), 1);
  if (before === 1) return sum(reshape(x, [copies, inner]), 0);
  return sum(reshape(x, [before, copies, inner]), 1);
}

/**
 * Gradient of a tile: the sum over all copies, one axis after the other, so that no tensor has more than three axes.
 * TensorFlow.js's own adds up one slice for each copy, and stops at rank 4.
 */
function tileGradient(dy: Tensor, shape: number[], reps: readonly number[]): Tensor {
  if (dy.size === 0) return zeros(shape);
  let sums = dy;
  let before = 1;
  for (const { copies, length } of tiledAxes(shape, reps)) {
    if (copies > 1) sums = sumCopies(sums, before, copies, sums.size / copies / before);
    before *= length;
  }
  return reshape(sums, shape);
}

/** The gradient of tiling. */
export const tileGradients: readonly GradConfig[] = [
  {
    kernelName: 'Tile',
    inputsToSave: ['x'],
    gradFunc: (dy, [x], { reps }) => ({ x: () => tileGradient(dy as Tensor, x!.shape, reps as number[]) }),
  },
];
