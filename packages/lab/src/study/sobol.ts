/**
 * Direction numbers of Joe and Kuo (2008, new-joe-kuo-6): degree and coefficients of the primitive polynomial, and
 * the initial numbers, for the dimensions from the second on. The first is van der Corput's sequence.
 */
const dimensions: readonly (readonly [degree: number, coefficients: number, initial: readonly number[]])[] = [
  [1, 0, [1]],
  [2, 1, [1, 3]],
  [3, 1, [1, 3, 1]],
  [3, 2, [1, 1, 1]],
  [4, 1, [1, 1, 3, 3]],
  [4, 4, [1, 3, 5, 13]],
  [5, 2, [1, 1, 5, 5, 17]],
  [5, 4, [1, 1, 5, 5, 5]],
  [5, 7, [1, 1, 7, 11, 19]],
];

/** Paths that a Sobol search can vary together. */
const sobolDimensions = dimensions.length + 1;

const bits = 32;

/** The 32 direction numbers of one dimension, as unsigned 32-bit integers. */
function directions(dimension: number): number[] {
  if (dimension === 0) return Array.from({ length: bits }, (_, k) => 2 ** (bits - 1 - k));
  const [degree, coefficients, initial] = dimensions[dimension - 1]!;
  const v = initial.map((m, k) => m * 2 ** (bits - 1 - k));
  for (let k = degree; k < bits; k++) {
    let next = v[k - degree]! ^ (v[k - degree]! >>> degree);
    for (let j = 1; j < degree; j++) if ((coefficients >> (degree - 1 - j)) & 1) next ^= v[k - j]!;
    v.push(next >>> 0);
  }
  return v;
}

/**
 * Points of a Sobol sequence in the unit cube, without its first point, the origin.
 *
 * @param count - Points; powers of two minus one fill the cube most evenly.
 * @returns `count` points with `dimension` coordinates in (0, 1).
 * @throws RangeError beyond {@link sobolDimensions}.
 * @see Joe & Kuo 2008, "Constructing Sobol sequences with better two-dimensional projections".
 */
export function sobol(count: number, dimension: number): number[][] {
  if (dimension > sobolDimensions) {
    throw new RangeError(`sobol: expected at most ${sobolDimensions} paths, got ${dimension}`);
  }
  const v = Array.from({ length: dimension }, (_, d) => directions(d));
  const state = new Array<number>(dimension).fill(0);
  return Array.from({ length: count }, (_, index) => {
    // Gray code: from one point to the next, one direction number changes the state.
    const changed = Math.log2((index + 1) & -(index + 1));
    return state.map((_, d) => {
      state[d] = (state[d]! ^ v[d]![changed]!) >>> 0;
      return state[d]! / 2 ** bits;
    });
  });
}
