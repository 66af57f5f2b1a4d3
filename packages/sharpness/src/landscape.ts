import * as tf from '@tensorflow/tfjs-core';
import { axpy, type GradientOracle, type ParamVector, seededSampler, symmetricEigen } from '@tfjs-sam/core';

/** Losses on a grid of a plane, or along a line (`y` is [0] then). */
export interface Landscape {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** `z[row][column]`: the loss at y[row], x[column]; NaN where it was not evaluated yet. */
  readonly z: number[][];
}

/** Options of `landscape`. */
export interface LandscapeOptions {
  /** Coordinates along the first direction. Default 21 from −1 to 1. */
  readonly x?: readonly number[] | undefined;
  /** Coordinates along the second, where there is one. Default as `x`. */
  readonly y?: readonly number[] | undefined;
  /** An unfinished landscape of the same coordinates, to go on with. */
  readonly resume?: Landscape | undefined;
  /** Hears of every row that is done, with what there is so far. */
  readonly onProgress?: ((done: number, rows: number, soFar: Landscape) => void) | undefined;
}

/** 21 coordinates from −1 to 1. */
const COORDINATES = Array.from({ length: 21 }, (_, i) => i / 10 - 1);

/**
 * L(θ + x a + y b) on a grid: of one direction a slice along a line, of two a plane. θ comes back bit for bit.
 *
 * Cost: one value per point.
 *
 * @param directions - One or two: random ones (`filterNormalised`), eigenvectors, differences of trained weights
 *   (`between`).
 * @throws RangeError for no direction, one of other shapes than the weights, no coordinates, or a landscape to go on with that has others.
 * @see Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets". https://arxiv.org/abs/1712.09913
 */
export async function landscape(
  oracle: GradientOracle,
  directions: readonly [ParamVector] | readonly [ParamVector, ParamVector],
  { x = COORDINATES, y = directions.length === 2 ? x : [0], resume, onProgress }: LandscapeOptions = {},
): Promise<Landscape> {
  const [a, b] = directions;
  if (!a || directions.length > 2)
    throw new RangeError(`landscape: expected one or two directions, got ${directions.length}`);
  for (const direction of directions) requireShapes('landscape', oracle.variables, direction);
  for (const [name, coordinates] of Object.entries({ x, y })) {
    if (coordinates.length === 0 || !coordinates.every(Number.isFinite))
      throw new RangeError(`landscape: expected ${name} to be finite coordinates, got [${coordinates}]`);
    const former = resume?.[name as 'x' | 'y'];
    if (former && !tf.util.arraysEqual(former as number[], coordinates as number[]))
      throw new RangeError(
        `landscape: expected to go on with a landscape of the same ${name}, [${coordinates}], got one of [${former}]`,
      );
  }
  const z = y.map((_, row) => x.map((_x, column) => resume?.z[row]?.[column] ?? Number.NaN));
  const result = { x: [...x], y: [...y], z };
  for (const [row, v] of y.entries()) {
    if (!z[row]!.some(Number.isNaN)) continue;
    const losses = tf.tidy(() => {
      const along = b ? b.map((tensor) => tf.mul(v, tensor)) : a.map((tensor) => tf.zerosLike(tensor));
      return tf.stack(x.map((u) => tf.tidy(() => oracle.value({ perturbation: axpy(u, a, along) }))));
    });
    z[row] = Array.from(await losses.data());
    losses.dispose();
    onProgress?.(row + 1, y.length, result);
  }
  return result;
}

/**
 * A random direction whose filters (slices of the last axis: output channels, units) have the norms of θ's; biases and
 * other vectors are zero, as Li et al. do.
 *
 * @returns One tensor per variable. The caller disposes them.
 */
export function filterNormalised(variables: readonly tf.Tensor[], seed = 0): ParamVector {
  return tf.tidy(() => {
    const drawn = seededSampler('gaussian', seed)(
      variables.map(({ shape }) => shape),
      0,
      0,
    );
    return variables.map((variable, i) => {
      if (variable.rank < 2) return tf.zerosLike(variable) as tf.Tensor;
      const axes = variable.shape.slice(0, -1).map((_, axis) => axis);
      const lengthOf = (t: tf.Tensor) => tf.sqrt(tf.sum(tf.square(t), axes, true));
      return tf.mul(drawn[i]!, tf.divNoNan(lengthOf(variable), lengthOf(drawn[i]!)));
    });
  });
}

/** Tensors of the weights' shapes, one for each. @throws RangeError for others, which would be spread over the weights. */
function requireShapes(owner: string, weights: readonly tf.Tensor[], tensors: readonly tf.Tensor[]): void {
  const [wanted, got] = [weights, tensors].map((list) => list.map(({ shape }) => `[${shape}]`).join(', '));
  if (wanted !== got) throw new RangeError(`${owner}: expected tensors of the shapes ${wanted}, got ${got}`);
}

/**
 * to − from: the line between two trained models, from θ at 0 to the other at 1. The caller disposes it.
 *
 * @throws RangeError for models of other shapes.
 */
export function between(from: readonly tf.Tensor[], to: readonly tf.Tensor[]): ParamVector {
  requireShapes('between', from, to);
  return tf.tidy(() => to.map((tensor, i) => tf.sub(tensor, from[i]!)));
}

/** A training's path in the plane of its two principal components. */
export interface Trajectory {
  /** Coordinates of each snapshot; the last is the origin. */
  readonly points: [number, number][];
  /** Shares of the path's variance that the two hold. */
  readonly explained: [number, number];
  /** The two orthonormal directions, for `landscape`; the second is zero where the path is a line. The caller disposes them. */
  readonly directions: [ParamVector, ParamVector];
}

/**
 * Projects snapshots of the weights, the last of which is the origin, onto their first two principal components.
 *
 * @param snapshots - At least three, each one tensor per variable.
 * @throws RangeError for fewer, for other shapes, and for snapshots that are all the same.
 */
export async function trajectory(snapshots: readonly (readonly tf.Tensor[])[]): Promise<Trajectory> {
  if (snapshots.length < 3)
    throw new RangeError(`trajectory: expected at least 3 snapshots, got ${snapshots.length}`);
  for (const snapshot of snapshots) requireShapes('trajectory', snapshots[0]!, snapshot);
  const rows = tf.tidy(() => {
    const flat = snapshots.map((vector) => tf.concat(vector.map((tensor) => tf.reshape(tensor, [-1]))));
    const last = flat.at(-1)!;
    return tf.stack(flat.slice(0, -1).map((row) => tf.sub(row, last))) as tf.Tensor2D;
  });
  const gram = tf.matMul(rows, rows, false, true);
  const found = symmetricEigen((await gram.array()) as number[][]);
  const { vectors } = found;
  // The rest that float32 leaves of a plane that a path does not fill.
  const values = found.values.map((value) => (value > 1e-6 * found.values[0]! ? value : 0));
  const total = values.reduce((sum, value) => sum + value, 0);
  if (!(total > 0)) {
    tf.dispose([rows, gram]);
    throw new RangeError(
      'trajectory: expected snapshots that differ, got the same weights: were they copied (tensor.clone) at each?',
    );
  }
  const direction = (k: number): ParamVector =>
    tf.tidy(() => {
      const weights = tf.tensor2d([vectors[k]!.map((x) => (values[k]! > 0 ? x / Math.sqrt(values[k]!) : 0))]);
      const flat = tf.reshape(tf.matMul(weights, rows), [-1]) as tf.Tensor1D;
      const parts = tf.split(
        flat,
        snapshots[0]!.map(({ size }) => size),
      ) as tf.Tensor[];
      return parts.map((part, i) => tf.reshape(part, snapshots[0]![i]!.shape));
    });
  const directions: [ParamVector, ParamVector] = [direction(0), direction(1)];
  tf.dispose([rows, gram]);
  const at = (i: number, k: number) => Math.sqrt(values[k]!) * vectors[k]![i]!;
  return {
    points: [...snapshots.slice(0, -1).map((_, i): [number, number] => [at(i, 0), at(i, 1)]), [0, 0]],
    explained: [values[0]! / total, values[1]! / total],
    directions,
  };
}
