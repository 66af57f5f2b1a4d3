import {
  abs,
  add,
  cast,
  clone,
  complex,
  engine,
  imag,
  mul,
  onesLike,
  real,
  sub,
  type Tensor,
  type TensorInfo,
  zerosLike,
} from '@tensorflow/tfjs-core';
import type { Feature } from '../../feature.js';
import { type HeapBackend, heapViews } from '../../heap.js';
import { attributes, input, type KernelCall, sizeOf, type TrainingKernel } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';
import { transformRows } from './fourier.js';
import { complexReading, pairsOf } from './heap.js';

// TensorFlow.js's wasm backend has no complex numbers. Here a complex tensor lies on the heap as cpu hands it over: real
// and imaginary parts in turn. Operations that do the same to both take them apart.

const output = (call: KernelCall, shape: readonly number[], dtype: TensorInfo['dtype']): TensorInfo =>
  (call.backend as HeapBackend).makeOutput([...shape], dtype);

function complexOf(call: KernelCall): TensorInfo {
  const [re, im] = [input(call, 'real'), input(call, 'imag')];
  const out = output(call, re.shape, 'complex64');
  const [from, rest] = heapViews(call.backend, re, im);
  const to = pairsOf(call.backend, out);
  for (let i = 0; i < from.length; i++) {
    to[2 * i] = from[i]!;
    to[2 * i + 1] = rest[i]!;
  }
  return out;
}

/** A float32 tensor of one number for each complex one; of real ones, what `ofReal` says. */
function realOf(
  call: KernelCall,
  name: string,
  f: (pairs: Float32Array, i: number) => number,
  ofReal: (x: Tensor) => Tensor,
): TensorInfo {
  const x = input(call, name);
  if (!isComplex(x)) return compose(call, [name], (tensors) => ofReal(tensors[name]!));
  const out = output(call, x.shape, 'float32');
  const [to] = heapViews(call.backend, out);
  const from = pairsOf(call.backend, x);
  for (let i = 0; i < to.length; i++) to[i] = f(from, 2 * i);
  return out;
}

/** `FFT` and `IFFT` of rows. */
const fourier =
  (inverse: boolean) =>
  (call: KernelCall): TensorInfo => {
    const x = input(call, 'input');
    const out = output(call, x.shape, 'complex64');
    const n = x.shape.at(-1) ?? 1;
    if (sizeOf(x.shape) > 0) transformRows(pairsOf(call.backend, x), pairsOf(call.backend, out), n, inverse);
    return out;
  };

const isComplex = (info: TensorInfo | undefined): boolean => info?.dtype === 'complex64';

/** A kernel that does the same to real and imaginary parts. */
const byParts = (name: string): TrainingKernel => ({
  name,
  composed: (call) => {
    const names = Object.keys(call.inputs);
    const parted = names.filter((key) => isComplex(call.inputs[key]));
    if (parted.length === 0) return undefined;
    return compose(call, names, (tensors) => {
      const run = (part: (x: Tensor) => Tensor): Tensor => {
        const parts = names.map((key) => [key, parted.includes(key) ? part(tensors[key]!) : tensors[key]!]);
        // Concat and its kind take a list.
        const inputs = Array.isArray(call.inputs) ? parts.map(([, x]) => x) : Object.fromEntries(parts);
        return engine().runKernel(name, inputs, call.attrs);
      };
      return complex(run(real), run(imag));
    });
  },
});

/** An operation on complex operands, from their parts. */
const ofComplex = (name: string, names: string[], f: (...x: Tensor[]) => Tensor): TrainingKernel => ({
  name,
  composed: (call) =>
    names.some((key) => isComplex(call.inputs[key]))
      ? compose(call, names, (tensors) => f(...names.map((key) => tensors[key]!)))
      : undefined,
});

function product(a: Tensor, b: Tensor): Tensor {
  const [ar, ai, br, bi] = [real(a), imag(a), real(b), imag(b)];
  return complex(sub(mul(ar, br), mul(ai, bi)), add(mul(ar, bi), mul(ai, br)));
}

/** `Cast` to complex numbers, and of them, by their real part. */
function castComplex(call: KernelCall): TensorInfo | undefined {
  const { dtype } = attributes<{ dtype: TensorInfo['dtype'] }>(call);
  const from = input(call, 'x').dtype;
  if (from === dtype || (from !== 'complex64' && dtype !== 'complex64')) return undefined;
  return compose(call, ['x'], ({ x }) => {
    if (from === 'complex64') return cast(real(x), dtype);
    const re = cast(x, 'float32');
    return complex(re, zerosLike(re));
  });
}

const structural = ['Concat', 'Slice', 'StridedSlice', 'Transpose', 'Reverse', 'Tile', 'GatherV2', 'PadV2'];

/** Complex numbers and Fourier transforms. */
export const complexFeature: Feature = {
  kernels: [
    { name: 'Complex', composed: complexOf },
    { name: 'Real', composed: (call) => realOf(call, 'input', (x, i) => x[i]!, clone) },
    { name: 'Imag', composed: (call) => realOf(call, 'input', (x, i) => x[i + 1]!, zerosLike) },
    {
      name: 'ComplexAbs',
      composed: (call) => realOf(call, 'x', (x, i) => Math.hypot(x[i]!, x[i + 1]!), abs),
    },
    { name: 'FFT', composed: fourier(false) },
    { name: 'IFFT', composed: fourier(true) },
    ...['Add', 'Sub', 'Neg', 'AddN', 'Pack', ...structural].map(byParts),
    ofComplex('Multiply', ['a', 'b'], product),
    ofComplex('ZerosLike', ['x'], (x) => complex(zerosLike(real(x)), zerosLike(real(x)))),
    ofComplex('OnesLike', ['x'], (x) => complex(onesLike(real(x)), zerosLike(real(x)))),
    { name: 'Cast', composed: castComplex },
  ],
  layers: [complexReading],
  repairs: [{ op: 'complex numbers, `fft`, `ifft`, `rfft`, `irfft`, `stft`', wrong: 'there are none' }],
};
