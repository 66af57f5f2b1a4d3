import {
  add,
  broadcast_util,
  broadcastTo,
  matMul,
  type Tensor,
  transpose,
  zeros,
} from '@tensorflow/tfjs-core';
import { activate, activatedAfter, type FusedAttributes } from '../../fused-activation.js';
import { attributes, input, type KernelCall, type KernelResult, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';
import { upstreamProduct } from './packed-factor.js';

/** A copy with the last two axes exchanged. */
function swapped(x: Tensor): Tensor {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

/** The shape of a stack of matrices broadcast to the stack `outer`. */
const stacked = (x: Tensor, outer: number[]): number[] => [...outer, ...x.shape.slice(-2)];

/** True where a stack repeats as a whole along leading axes only: TensorFlow.js's own kernel knows no other broadcast. */
function repeatsWhole(stack: readonly number[], outer: readonly number[]): boolean {
  const start = stack.findIndex((length) => length > 1);
  const inner = start < 0 ? [] : stack.slice(start);
  return inner.every((length, i) => length === outer[outer.length - inner.length + i]);
}

/**
 * Transposed operands are copied first: TensorFlow.js's own kernel is fast only without transposition. Stacks that are
 * broadcast along an inner axis are written out, and an inner size of 0 is answered here: it is wrong in both.
 */
export function batchMatMul(call: KernelCall): KernelResult | undefined {
  const { transposeA, transposeB } = attributes<{ transposeA: boolean; transposeB: boolean }>(call);
  const [a, b] = [input(call, 'a'), input(call, 'b')];
  const [first, second] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
  const outer = broadcast_util.assertAndGetBroadcastShape(first, second);
  const inner = !repeatsWhole(first, outer) || !repeatsWhole(second, outer);
  const empty = sizeOf(a.shape) * sizeOf(b.shape) === 0;
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  if (!(transposeA || transposeB || inner || empty)) return upstreamProduct(call, 'BatchMatMul');
  return compose(call, ['a', 'b'], (tensors) => {
    const x = transposeA ? swapped(tensors.a) : tensors.a;
    const y = transposeB ? swapped(tensors.b) : tensors.b;
    if (empty) return zeros([...outer, x.shape.at(-2) ?? 0, y.shape.at(-1) ?? 0]);
    if (!inner) return matMul(x, y);
    return matMul(broadcastTo(x, stacked(x, outer)), broadcastTo(y, stacked(y, outer)));
  });
}

/** True where a fused product is one that TensorFlow.js's own kernel computes: it forgets bias and activation of others. */
function isSingle(call: KernelCall): boolean {
  const { transposeA, transposeB } = attributes<FusedAttributes>(call);
  const shapes = [input(call, 'a').shape, input(call, 'b').shape];
  const stacked = shapes.some((shape) => sizeOf(shape.slice(0, -2)) !== 1 || sizeOf(shape) === 0);
  return !stacked && !transposeA && !transposeB;
}

const single = activatedAfter((call) => upstreamProduct(call, '_FusedMatMul'));

/** The fused product, of its operations where it is not a single one. */
export function fusedMatMul(call: KernelCall): KernelResult | undefined {
  if (isSingle(call)) return single(call);
  const { transposeA, transposeB, activation, leakyreluAlpha } = attributes<FusedAttributes>(call);
  const names = Object.keys(call.inputs).filter((name) => call.inputs[name]);
  return compose(call, names, ({ a, b, bias, preluActivationWeights }) => {
    const product = matMul(a!, b!, transposeA, transposeB);
    const z = bias ? add(product, bias) : product;
    return activate(z, activation ?? 'linear', preluActivationWeights, leakyreluAlpha);
  });
}
