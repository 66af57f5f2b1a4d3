import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

const names = new Map<string, string[]>();

/** `prefix0`, `prefix1`, …: as many as were asked for so far, made once. */
function nameOf(prefix: string, i: number): string {
  const known = names.get(prefix) ?? [];
  if (known.length === 0) names.set(prefix, known);
  while (known.length <= i) known.push(prefix + known.length);
  return known[i]!;
}

/** The tensors `prefix0`, `prefix1`, … of a call. */
export function vector({ inputs }: KernelCall, prefix: string): TensorInfo[] {
  const tensors: TensorInfo[] = [];
  for (let i = 0; ; i++) {
    const tensor = inputs[nameOf(prefix, i)];
    if (tensor === undefined) return tensors;
    if (tensor.dtype !== 'float32')
      throw new TypeError(`wasm-kernels: expected float32 in "${prefix}${i}", got ${tensor.dtype}`);
    tensors.push(tensor);
  }
}

/** A second vector of a call, whose tensors have as many elements as the first's. */
export function partner(call: KernelCall, prefix: string, like: readonly TensorInfo[]): TensorInfo[] {
  const tensors = vector(call, prefix);
  if (tensors.length !== like.length)
    throw new RangeError(`wasm-kernels: expected ${like.length} tensors "${prefix}", got ${tensors.length}`);
  for (const [i, tensor] of tensors.entries()) {
    const [expected, got] = [like[i]!.shape, tensor.shape];
    if (sizeOf(expected) !== sizeOf(got))
      throw new RangeError(`wasm-kernels: expected shape [${expected}] in "${prefix}${i}", got [${got}]`);
  }
  return tensors;
}

/** The value of a scalar input. It lies on the heap already: this waits for nothing. */
export function scalarValue(call: KernelCall, side: SideModule, name: string): number {
  // The address first: finding it may bring the tensor from another backend, which allocates.
  const address = side.address(input(call, name));
  return side.backend.wasm.HEAPF32[address / 4]!;
}

const factor = (call: KernelCall, side: SideModule): number => scalarValue(call, side, 'c');

function scalar(side: SideModule, value: number): TensorInfo {
  const out = side.output([]);
  side.backend.wasm.HEAPF32[side.address(out) / 4] = value;
  return out;
}

const outputsLike = (side: SideModule, tensors: readonly TensorInfo[]): TensorInfo[] =>
  tensors.map((tensor) => side.output(tensor.shape));

/** `SamNorm`: the Euclidean norm over all tensors together. */
export function norm(call: KernelCall, side: SideModule): TensorInfo {
  return scalar(side, lengthOf(call, side));
}

function lengthOf(call: KernelCall, side: SideModule): number {
  let sum = 0;
  for (const x of vector(call, 'x')) sum += side.run.sumOfSquares(side.address(x), sizeOf(x.shape));
  return Math.sqrt(sum);
}

/** `SamAscentScale`: ρ/(‖x‖√(1 + k·‖x‖²)) for a rankOneCoefficient k, or with y ρ/√⟨x, y⟩; 0 where that is not finite. */
export function ascentScale(call: KernelCall, side: SideModule): TensorInfo {
  const { rho, rankOneCoefficient } = attributes<{ rho: number; rankOneCoefficient: number }>(call);
  const length = call.inputs.y0 ? Math.sqrt(innerProduct(call, side)) : lengthOf(call, side);
  // Rounded first: what overflows float32 counts as not finite.
  const factor = Math.fround(rho / (length * Math.sqrt(1 + rankOneCoefficient * length * length)));
  return scalar(side, Number.isFinite(factor) ? factor : 0);
}

/** `SamDot`: the inner product over all tensors together. */
export function dot(call: KernelCall, side: SideModule): TensorInfo {
  return scalar(side, innerProduct(call, side));
}

function innerProduct(call: KernelCall, side: SideModule): number {
  const xs = vector(call, 'x');
  let sum = 0;
  for (const [i, y] of partner(call, 'y', xs).entries())
    sum += side.run.dot(side.address(xs[i]!), side.address(y), sizeOf(y.shape));
  return sum;
}

/** `SamScale`: c·x; zero everywhere where c is 0 or not finite. */
export function scale(call: KernelCall, side: SideModule): TensorInfo[] {
  const { sanitize = false } = attributes<{ sanitize?: boolean }>(call);
  const xs = vector(call, 'x');
  const c = factor(call, side);
  if (c === 0 || !Number.isFinite(c)) return xs.map((x) => side.zeros(x.shape));
  const outs = outputsLike(side, xs);
  for (const [i, x] of xs.entries())
    side.run.scale(c, side.address(x), side.address(outs[i]!), sizeOf(x.shape), sanitize);
  return outs;
}

/** A tensor over the data of another one that nothing else shares, else a new one. */
function takeOver(side: SideModule, { dataId, dtype }: TensorInfo, shape: number[]): TensorInfo {
  if (side.backend.refCount(dataId) !== 1) return side.output(shape);
  side.backend.incRef(dataId);
  return { dataId, shape, dtype };
}

/** `SamAxpy`: c·x + y; y itself, bit for bit, where c is 0. With `donate` in x's own memory, unless it is shared. */
export function axpy(call: KernelCall, side: SideModule): TensorInfo[] {
  const { donate = false } = attributes<{ donate?: boolean }>(call);
  const xs = vector(call, 'x');
  const ys = partner(call, 'y', xs);
  const c = factor(call, side);
  // A tensor that is given twice is needed twice.
  const distinct = new Set([...xs, ...ys].map(({ dataId }) => dataId)).size === xs.length + ys.length;
  const over = donate && distinct;
  const outs = over ? xs.map((x, i) => takeOver(side, x, ys[i]!.shape)) : outputsLike(side, ys);
  for (const [i, y] of ys.entries()) {
    const [from, to, size] = [side.address(y), side.address(outs[i]!), sizeOf(y.shape)];
    if (c === 0) side.backend.wasm.HEAPF32.copyWithin(to / 4, from / 4, from / 4 + size);
    else side.run.axpy(c, side.address(xs[i]!), from, to, size);
  }
  return outs;
}

/** `SamChoose`: x itself where c is not 0, else y itself: references, no copies. */
export function choose(call: KernelCall, side: SideModule): TensorInfo[] {
  const xs = vector(call, 'x');
  const ys = partner(call, 'y', xs);
  const chosen = factor(call, side) === 0 ? ys : xs;
  return chosen.map(({ dataId, dtype }, i) => {
    // A tensor of another backend is brought here before it is shared.
    side.backend.dataIdMap.get(dataId);
    side.backend.incRef(dataId);
    return { dataId, shape: xs[i]!.shape, dtype };
  });
}

/** Attributes of `SamSgd`. */
interface SgdAttributes {
  /** Or the scalar input c, its negative: TensorFlow.js's optimizers hold tensors. */
  readonly learningRate?: number;
  /** Or the scalar input m. */
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
}

/** `SamSgd`: one step of gradient descent with coupled weight decay, momentum and Nesterov's look-ahead. */
export function sgd(call: KernelCall, side: SideModule): TensorInfo[] {
  const { nesterov = false, weightDecay = 0, ...attrs } = attributes<SgdAttributes>(call);
  const { learningRate = -scalarValue(call, side, 'c') } = attrs;
  const { momentum = call.inputs.m ? scalarValue(call, side, 'm') : 0 } = attrs;
  const gs = vector(call, 'g');
  const ps = partner(call, 'p', gs);
  const moved = outputsLike(side, ps);
  const at = (tensors: readonly TensorInfo[], i: number): number => side.address(tensors[i]!);
  if (momentum === 0 && !call.inputs.v0) {
    for (const [i, g] of gs.entries())
      side.run.sgd(at(gs, i), at(ps, i), at(moved, i), sizeOf(g.shape), learningRate, weightDecay);
    return moved;
  }
  const vs = partner(call, 'v', gs);
  const velocity = outputsLike(side, vs);
  for (const [i, g] of gs.entries()) {
    const addresses = [at(gs, i), at(ps, i), at(vs, i), at(moved, i), at(velocity, i)] as const;
    side.run.momentum(...addresses, sizeOf(g.shape), learningRate, momentum, weightDecay, nesterov);
  }
  return [...moved, ...velocity];
}

/** Attributes of `SamAdamW`. */
interface AdamWAttributes {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** One decay per variable. */
  readonly weightDecay: readonly number[];
  /** 1 − β₁ᵗ and 1 − β₂ᵗ at step t, or the scalar input updates: t, or the scalar inputs power1 and power2: β₁ᵗ and β₂ᵗ. */
  readonly correction1?: number;
  readonly correction2?: number;
}

/** `SamAdamW`: one step of Adam with decoupled weight decay. */
export function adamw(call: KernelCall, side: SideModule): TensorInfo[] {
  const attrs = attributes<AdamWAttributes>(call);
  const { learningRate: lr, beta1, beta2, epsilon } = attrs;
  const power = (beta: number, name: string) =>
    call.inputs.updates ? beta ** scalarValue(call, side, 'updates') : scalarValue(call, side, name);
  const { correction1 = 1 - power(beta1, 'power1') } = attrs;
  const { correction2 = 1 - power(beta2, 'power2') } = attrs;
  const gs = vector(call, 'g');
  const old = [partner(call, 'p', gs), partner(call, 'm', gs), partner(call, 'v', gs)] as const;
  const made = old.map((tensors) => outputsLike(side, tensors));
  for (const [i, g] of gs.entries()) {
    const at = (tensors: readonly TensorInfo[]): number => side.address(tensors[i]!);
    const addresses = [
      at(gs),
      at(old[0]),
      at(old[1]),
      at(old[2]),
      at(made[0]!),
      at(made[1]!),
      at(made[2]!),
    ] as const;
    const keep = 1 - lr * (attrs.weightDecay[i] ?? 0);
    const averages = [beta1, 1 - beta1, beta2, 1 - beta2] as const;
    side.run.adamw(...addresses, sizeOf(g.shape), lr, ...averages, epsilon, keep, correction1, correction2);
  }
  return made.flat();
}
