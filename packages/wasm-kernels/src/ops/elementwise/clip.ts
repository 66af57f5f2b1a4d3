import {
  add,
  maximum,
  minimum,
  mul,
  scalar,
  step,
  sub,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { type HeapBackend, heapViews } from '../../heap.js';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { compose, owned } from '../../tensor-infos.js';
import { inFloats, sameBooleans } from './types.js';

/**
 * TensorFlow.js's own kernel, which may turn NaN into a bound, and what f adds to it: `step` keeps NaN. Much faster than
 * `maximum` and `minimum`.
 */
function keepingNaN(call: KernelCall, f: (clipped: Tensor, step: Tensor) => Tensor): TensorInfo | undefined {
  const { inputs, backend, attrs, upstream } = call;
  if (input(call, 'x').dtype !== 'float32' || !upstream) return undefined;
  const clipped = upstream({ inputs, backend, attrs }) as TensorInfo;
  return compose(call, ['x'], ({ x }) => f(owned(clipped, backend), step(x)));
}

/** `Relu`. TensorFlow.js's own kernel turns NaN of a negative sign into 0: what ∞ − ∞ and 0·∞ give. */
export const relu = (call: KernelCall): TensorInfo | undefined => sameBooleans(call) ?? keepingNaN(call, mul);

const clip = (call: KernelCall): TensorInfo | undefined =>
  keepingNaN(call, (clipped, signs) => add(clipped, sub(signs, signs)));

/** `Relu6`. */
export const relu6 = (call: KernelCall): TensorInfo | undefined => sameBooleans(call) ?? clip(call);

const log1pOfOthers = inFloats('Log1p', ['int32', 'bool']);
const booleansInFloats = inFloats('ClipByValue', ['bool']);

/** `ClipByValue`. */
export const clipByValue = (call: KernelCall): TensorInfo | undefined =>
  input(call, 'x').dtype === 'int32' ? clipIntegers(call) : (booleansInFloats(call) ?? clip(call));

/** Whole numbers between the whole parts of the bounds. TensorFlow.js's own kernel takes their bits for a float's. */
function clipIntegers(call: KernelCall): TensorInfo {
  const { clipValueMin, clipValueMax } = attributes<{ clipValueMin: number; clipValueMax: number }>(call);
  const bound = (value: number) =>
    scalar(Math.trunc(Math.min(Math.max(value, -(2 ** 31)), 2 ** 31 - 1)), 'int32');
  return compose(call, ['x'], ({ x }) => maximum(minimum(x, bound(clipValueMax)), bound(clipValueMin)));
}

/** `Sign`, in JavaScript on the heap: 0 of NaN, as cpu has it. TensorFlow.js's own kernel takes small numbers for 0. */
export function sign(call: KernelCall): TensorInfo | undefined {
  const x = input(call, 'x');
  if (x.dtype !== 'float32') return sameBooleans(call);
  const out = (call.backend as HeapBackend).makeOutput(x.shape, 'float32');
  const [from, to] = heapViews(call.backend, x, out);
  for (let i = 0; i < to.length; i++) to[i] = Number(from[i]! > 0) - Number(from[i]! < 0);
  return out;
}

/** `Log1p`, in JavaScript on the heap. TensorFlow.js's own kernel rounds 1 + x first, and loses what is small. */
export function log1p(call: KernelCall): TensorInfo | undefined {
  const x = input(call, 'x');
  if (x.dtype !== 'float32') return log1pOfOthers(call);
  const out = (call.backend as HeapBackend).makeOutput(x.shape, 'float32');
  const [from, to] = heapViews(call.backend, x, out);
  for (let i = 0; i < to.length; i++) to[i] = Math.log1p(from[i]!);
  return out;
}
