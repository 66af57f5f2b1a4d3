import { broadcast_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import { rowMajor, type SideModule, transposed } from '../../side/side-module.js';

/** Rows and columns of the matrices in a tensor, as stored. */
function matrixSize(t: TensorInfo): [rows: number, columns: number] {
  return [t.shape.at(-2) ?? 1, t.shape.at(-1) ?? 1];
}

/** The indices where there is one matrix: nearly always. */
const single = [0];

/** Index of an operand's matrix for each matrix of the broadcast output. */
function matrixIndices(batch: readonly number[], outer: readonly number[]): readonly number[] {
  if (outer.length === 0) return single;
  const shape = [...new Array<number>(outer.length - batch.length).fill(1), ...batch];
  const strides = shape.map((length, axis) => (length === 1 ? 0 : sizeOf(shape.slice(axis + 1))));
  return Array.from({ length: sizeOf(outer) }, (_, index) => {
    let rest = index;
    let result = 0;
    for (let axis = outer.length - 1; axis >= 0; axis--) {
      const length = outer[axis] ?? 1;
      result += (rest % length) * (strides[axis] ?? 0);
      rest = Math.floor(rest / length);
    }
    return result;
  });
}

/** A product of stacks of matrices: op(A) [m, k] times op(B) [k, n] for every matrix of `outer`. */
interface Product {
  readonly a: TensorInfo;
  readonly b: TensorInfo;
  readonly outer: readonly number[];
  readonly m: number;
  readonly k: number;
  readonly n: number;
}

type Transposes = { transposeA: boolean; transposeB: boolean };

/** The product that a call asks for, where its operands are float32. */
function productOf(call: KernelCall): Product | undefined {
  const { transposeA, transposeB } = attributes<Transposes>(call);
  const [a, b] = [input(call, 'a'), input(call, 'b')];
  if (a.dtype !== 'float32' || b.dtype !== 'float32') return undefined;
  const [sizeA, sizeB] = [matrixSize(a), matrixSize(b)];
  const [m, k] = transposeA ? [sizeA[1], sizeA[0]] : sizeA;
  const [depth, n] = transposeB ? [sizeB[1], sizeB[0]] : sizeB;
  util.assert(
    k === depth,
    () =>
      `matMul: expected inner sizes to match, got ${a.shape} and ${b.shape} (${transposeA}, ${transposeB})`,
  );
  const outer = broadcast_util.assertAndGetBroadcastShape(a.shape.slice(0, -2), b.shape.slice(0, -2));
  return { a, b, outer, m, k, n };
}

/** Writes the product into out, or with `add` adds it; transposed operands are read in place. */
function multiplyStacks(call: KernelCall, side: SideModule, product: Product, out: TensorInfo, add: boolean) {
  const { transposeA, transposeB } = attributes<Transposes>(call);
  const { a, b, outer, m, k, n } = product;
  const indicesA = matrixIndices(a.shape.slice(0, -2), outer);
  const indicesB = matrixIndices(b.shape.slice(0, -2), outer);
  const [pa, pb, pc] = [side.address(a), side.address(b), side.address(out)];
  for (let i = 0; i < indicesA.length; i++) {
    const left = rowMajor(pa + indicesA[i]! * m * k * 4, transposeA ? m : k);
    const right = rowMajor(pb + indicesB[i]! * k * n * 4, transposeB ? k : n);
    const target = pc + i * m * n * 4;
    side.multiply(
      ...([m, n, k] as const),
      transposeA ? transposed(left) : left,
      transposeB ? transposed(right) : right,
      ...([target, add] as const),
    );
  }
}

/** C = op(A)·op(B) for stacks of float32 matrices. */
export function batchMatMul(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const product = productOf(call);
  if (!product) return undefined;
  const { outer, m, k, n } = product;
  const shape = [...outer, m, n];
  if (sizeOf(shape) === 0 || k === 0) return side.zeros(shape);
  const out = side.output(shape);
  multiplyStacks(call, side, product, out, false);
  return out;
}

/** The same with a bias [n] and ReLU, or without. Other activations are left alone. */
export function fusedMatMul(call: KernelCall, side: SideModule): TensorInfo | undefined {
  const { activation = 'linear' } = attributes<{ activation?: string }>(call);
  const { bias, preluActivationWeights } = call.inputs;
  const product = productOf(call);
  if (!product || preluActivationWeights || !['linear', 'relu'].includes(activation)) return undefined;
  const { outer, m, k, n } = product;
  const size = sizeOf([...outer, m, n]);
  const fits = !bias || (bias.dtype === 'float32' && bias.shape.length === 1 && bias.shape[0] === n);
  if (!fits || size === 0 || k === 0) return undefined;
  const out = side.output([...outer, m, n]);
  const address = side.address(out);
  if (bias) side.run.tileRows(side.address(bias), size / n, n, address);
  multiplyStacks(call, side, product, out, bias !== undefined);
  if (activation === 'relu') side.run.clamp(address, address, size, 0, Number.POSITIVE_INFINITY);
  return out;
}
