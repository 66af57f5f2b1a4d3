import type { Golden, GoldenStep, StoredVector } from '@tfjs-sam/testing/trajectories';
import { type Base, makeBase } from './bases.js';
import { crossEntropy, type Evaluation, evaluate, type Request } from './networks.js';
import { dot, scale, type Vec } from './vector.js';

/** A formula: takes a session through one step. */
export type Formula = (session: Session) => void;

/** How far a Hessian-vector product's differences reach. */
const REACH = 1e-5;

/** A training in float64 of a file's problem; what a file drew is read from it, or drawn and written into it. */
export class Session {
  theta: Vec;
  buffers: Vec;
  t = 0;
  readonly base: Base;
  readonly names: readonly string[];
  /** What a formula keeps from step to step. */
  readonly memory = new Map<string, unknown>();
  readonly #draw: (() => number) | undefined;
  #moved = false;

  /** @param draw - Standard uniform numbers, for a file that holds no draws yet. */
  constructor(
    readonly golden: Golden,
    draw?: () => number,
  ) {
    this.names = Object.keys(golden.initial);
    this.theta = this.names.map((name) => [...golden.initial[name]!.values]);
    this.buffers = Object.values(golden.initial_buffers ?? {}).map(({ values }) => [...values]);
    this.base = makeBase(golden.base);
    this.#draw = draw;
  }

  /** Takes a step. */
  advance(formula: Formula): void {
    this.#moved = false;
    formula(this);
    this.t += 1;
  }

  number(key: string, fallback?: number): number {
    const value = this.golden.hyper[key] ?? fallback;
    if (typeof value !== 'number')
      throw new RangeError(`${this.golden.name}: expected a number hyper.${key}`);
    return value;
  }

  word(key: string): unknown {
    return this.golden.hyper[key];
  }

  get step(): GoldenStep & Record<string, unknown> {
    return this.golden.steps[this.t]!;
  }

  get batch(): number {
    return this.step.batch ?? 0;
  }

  get size(): number {
    return this.golden.data.batches![this.batch]!.labels.length;
  }

  /** A pass at a point; the first one of a step moves the running statistics. */
  at(theta: Vec, request: Partial<Request> = {}): Evaluation {
    const evaluation = evaluate(this.golden, theta, { batch: this.batch, ...request });
    if (!this.#moved) {
      this.buffers = this.buffers.map((old, i) =>
        old.map((value, j) => 0.9 * value + 0.1 * evaluation.statistics[i]![j]!),
      );
    }
    this.#moved = true;
    return evaluation;
  }

  gradient(theta: Vec = this.theta, request: Partial<Request> = {}): Vec {
    return this.at(theta, request).gradient;
  }

  loss(theta: Vec = this.theta, request: Partial<Request> = {}): number {
    return this.at(theta, request).loss;
  }

  /** The gradient of one example's plain cross entropy. */
  exampleGradient(theta: Vec, batch: number, example: number): Vec {
    return this.gradient(theta, { batch, example, head: crossEntropy(0) });
  }

  /** The Hessian at θ times a vector, by central differences in float64. */
  hessian(v: Vec): Vec {
    const h = REACH / Math.sqrt(dot(v, v));
    const at = (sign: number) =>
      this.gradient(this.theta.map((tensor, i) => tensor.map((x, j) => x + sign * h * v[i]![j]!)));
    const [plus, minus] = [at(1), at(-1)];
    return plus.map((tensor, i) => tensor.map((x, j) => (x - minus[i]![j]!) / (2 * h)));
  }

  /** θ ← Base(θ, v). */
  descend(v: Vec): void {
    this.theta = this.base.step(this.theta, v);
  }

  /** What is kept from step to step. */
  recall<T>(key: string, initial: () => T): T {
    if (!this.memory.has(key)) this.memory.set(key, initial());
    return this.memory.get(key) as T;
  }

  keep(key: string, value: unknown): void {
    this.memory.set(key, value);
  }

  /** Whether a variable is a kernel or batch norm's γ. */
  isWeight(index: number): boolean {
    return /kernel|gamma/.test(this.names[index]!);
  }

  shape(index: number): readonly number[] {
    return this.golden.initial[this.names[index]!]!.shape;
  }

  vector(stored: StoredVector): Vec {
    return this.names.map((name) => [...stored[name]!]);
  }

  stored(vector: Vec): StoredVector {
    return Object.fromEntries(this.names.map((name, i) => [name, vector[i]!]));
  }

  /** What the step holds under a key; where it holds nothing, what `make` draws, which it holds from then on. */
  drawn<T>(key: string, make: (draw: () => number) => T, holder: Record<string, unknown> = this.step): T {
    if (holder[key] === undefined) {
      if (!this.#draw) throw new RangeError(`${this.golden.name}: expected draws under "${key}"`);
      holder[key] = make(this.#draw);
    }
    return holder[key] as T;
  }

  normal(draw: () => number): StoredVector {
    return this.#filled(() =>
      Math.fround(Math.sqrt(-2 * Math.log(1 - draw())) * Math.cos(2 * Math.PI * draw())),
    );
  }

  uniform(draw: () => number, low = 0, high = 1): StoredVector {
    return this.#filled(() => Math.fround(low + (high - low) * draw()));
  }

  #filled(next: () => number): StoredVector {
    return this.stored(this.theta.map((tensor) => tensor.map(next)));
  }

  /** Several standard normal vectors under "directions". */
  directions(count: number): Vec[] {
    return this.drawn('directions', (draw) => Array.from({ length: count }, () => this.normal(draw))).map(
      (stored) => this.vector(stored),
    );
  }

  /** A standard normal vector under a key. */
  noise(key: string): Vec {
    return this.vector(this.drawn(key, (draw) => this.normal(draw)));
  }

  /** The step's ascent: c g/(‖g‖ + ε), with |θ| for a metric where the file asks for that. */
  ascent(rho: number, g: Vec): Vec {
    if (!this.word('adaptive')) return scale(rho / (Math.sqrt(dot(g, g)) + 1e-12), g);
    const tg = g.map((tensor, i) => tensor.map((x, j) => Math.abs(this.theta[i]![j]!) * x));
    const c = rho / (Math.sqrt(dot(tg, tg)) + 1e-12);
    return g.map((tensor, i) => tensor.map((x, j) => c * this.theta[i]![j]! ** 2 * x));
  }
}
