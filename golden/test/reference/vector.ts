/** Values of every variable in float64, flat and row-major. */
export type Vec = number[][];

/** Applies `f` to every entry of some vectors. */
export function each(f: (...entries: number[]) => number, ...vectors: readonly Vec[]): Vec {
  return vectors[0]!.map((tensor, i) => tensor.map((_, j) => f(...vectors.map((vector) => vector[i]![j]!))));
}

export const add = (a: Vec, b: Vec): Vec => each((x, y) => x + y, a, b);
export const sub = (a: Vec, b: Vec): Vec => each((x, y) => x - y, a, b);
export const mul = (a: Vec, b: Vec): Vec => each((x, y) => x * y, a, b);
export const scale = (c: number, a: Vec): Vec => each((x) => c * x, a);
/** c a + b. */
export const axpy = (c: number, a: Vec, b: Vec): Vec => each((x, y) => c * x + y, a, b);
export const zeros = (a: Vec): Vec => each(() => 0, a);
export const dot = (a: Vec, b: Vec): number =>
  a.reduce((sum, tensor, i) => sum + tensor.reduce((inner, x, j) => inner + x * b[i]![j]!, 0), 0);
export const norm = (a: Vec): number => Math.sqrt(dot(a, a));
/** c a / (‖a‖ + ε). */
export const along = (c: number, a: Vec, epsilon = 1e-12): Vec => scale(c / (norm(a) + epsilon), a);
/** Σ cᵢ vᵢ. */
export const combine = (...terms: readonly (readonly [number, Vec])[]): Vec =>
  terms.slice(1).reduce((sum, [c, v]) => axpy(c, v, sum), scale(...terms[0]!));
/** Applies `f` to every variable. */
export const perTensor = (f: (tensor: Vec, index: number) => Vec, a: Vec): Vec =>
  a.map((tensor, i) => f([tensor], i)[0]!);

/** 1 at the `count` largest entries of all variables together, else 0. */
export function top(count: number, scores: Vec): Vec {
  const order = scores.flat().map((score, i) => [score, i] as const);
  order.sort(([a, i], [b, j]) => b - a || i - j);
  const kept = new Set(order.slice(0, count).map(([, i]) => i));
  let at = 0;
  return each(() => (kept.has(at++) ? 1 : 0), scores);
}

/** The entry above a share of the others, interpolated between neighbours. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = Math.floor(at);
  return sorted[low]! + (at - low) * ((sorted[low + 1] ?? sorted[low]!) - sorted[low]!);
}
