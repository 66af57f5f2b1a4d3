import {
  broadcastTo,
  clone,
  type GradConfig,
  matMul,
  mul,
  reshape,
  sum,
  type Tensor,
  type TensorInfo,
  transpose,
} from '@tensorflow/tfjs-core';
import { attributes, type KernelCall, sizeOf } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** An operand or the result of an equation: a tensor and the letter of each of its axes. */
interface Lettered {
  readonly tensor: Tensor;
  readonly letters: string;
}

/** "ab,bc->ac" → [['ab', 'bc'], 'ac']. */
function parse(equation: string): [terms: string[], result: string] {
  const compact = equation.replace(/\s/g, '');
  const [left = '', right, ...more] = compact.split('->');
  if (right === undefined || more.length > 0)
    throw new Error(`einsum: Expecting exactly one arrow, as in "ab,bc->ac", got "${equation}"`);
  if (/[^a-zA-Z,]/.test(left) || /[^a-zA-Z]/.test(right))
    throw new Error(`einsum: expected an equation of letters such as "ab,bc->ac", got "${equation}"`);
  return [left.split(','), right];
}

/** Sums over the axes whose letter is not wanted. */
function keepLetters({ tensor, letters }: Lettered, wanted: string): Lettered {
  const axes = [...letters].flatMap((letter, axis) => (wanted.includes(letter) ? [] : [axis]));
  if (axes.length === 0) return { tensor, letters };
  return { tensor: sum(tensor, axes), letters: [...letters].filter((l) => wanted.includes(l)).join('') };
}

/** Axes in the order of the given letters. */
function arrange({ tensor, letters }: Lettered, order: string): Tensor {
  return order === letters
    ? tensor
    : transpose(
        tensor,
        [...order].map((letter) => letters.indexOf(letter)),
      );
}

/** Contracts two operands as a stack of matrix products, keeping the letters that are `wanted` afterwards. */
function contract(a: Lettered, b: Lettered, wanted: string): Lettered {
  const left = keepLetters(a, wanted + b.letters);
  const right = keepLetters(b, wanted + left.letters);
  const both = [...left.letters].filter((letter) => right.letters.includes(letter));
  const batch = both.filter((letter) => wanted.includes(letter)).join('');
  const inner = both.filter((letter) => !wanted.includes(letter)).join('');
  const rows = [...left.letters].filter((letter) => !both.includes(letter)).join('');
  const columns = [...right.letters].filter((letter) => !both.includes(letter)).join('');
  const x = arrange(left, batch + rows + inner);
  const y = arrange(right, batch + inner + columns);
  const sizes = (t: Tensor, from: number, count: number): number[] => t.shape.slice(from, from + count);
  const stack = sizes(x, 0, batch.length);
  const m = sizes(x, batch.length, rows.length);
  const k = sizes(x, batch.length + rows.length, inner.length);
  const n = sizes(y, batch.length + inner.length, columns.length);
  const [depth, height, width] = [sizeOf(k), sizeOf(m), sizeOf(n)];
  const [xs, ys] = [reshape(x, [...stack, height, depth]), reshape(y, [...stack, depth, width])];
  const product = depth === 1 ? mul(xs, ys) : matMul(xs, ys);
  return { tensor: reshape(product, [...stack, ...m, ...n]), letters: batch + rows + columns };
}

/** Σ of products by letters, contracted from left to right as matrix products. */
function sumOfProducts(operands: readonly Lettered[], result: string): Tensor {
  let [total, ...rest] = operands as [Lettered, ...Lettered[]];
  while (rest.length > 0) {
    const [next, ...others] = rest as [Lettered, ...Lettered[]];
    total = contract(total, next, result + others.map((o) => o.letters).join(''));
    rest = others;
  }
  return arrange(keepLetters(total, result), result);
}

// Phrases of TensorFlow.js's own errors are kept in these: its specs ask for them.

/** The operands and the result of an equation. A letter appears once per operand, and each with one length. */
function readOperands(equation: string, tensors: readonly Tensor[]): [operands: Lettered[], result: string] {
  const [terms, result] = parse(equation);
  if (terms.length !== tensors.length)
    throw new Error(
      `einsum: Expected ${terms.length} inputs but got: ${tensors.length}, for the equation "${equation}"`,
    );
  const lengths = new Map<string, number>();
  const operands = tensors.map((tensor, index): Lettered => {
    const letters = terms[index]!;
    if (new Set(letters).size !== letters.length)
      throw new Error(`einsum: a letter twice in one operand, "${letters}", is not implemented yet`);
    if (letters.length !== tensor.rank)
      throw new Error(`einsum: expected ${tensor.rank} letters for input ${index}, got "${letters}"`);
    for (const [axis, letter] of [...letters].entries()) {
      const known = lengths.get(letter) ?? tensor.shape[axis]!;
      if (known !== tensor.shape[axis])
        throw new Error(
          `einsum: Expected dimension ${known} at axis ${axis} of the input shaped [${tensor.shape}], ` +
            `as "${letter}" has elsewhere, got ${tensor.shape[axis]}`,
        );
      lengths.set(letter, known);
    }
    return { tensor, letters };
  });
  const unknown = [...result].find((letter) => !lengths.has(letter));
  if (unknown)
    throw new Error(`Output subscripts contain the label ${unknown} not present in the input subscripts.`);
  if (new Set(result).size !== result.length)
    throw new Error(`einsum: expected different letters in the result, got "${result}"`);
  return [operands, result];
}

/** `Einsum` of any number of operands. */
export function einsum(call: KernelCall): TensorInfo {
  const { equation } = attributes<{ equation: string }>(call);
  const names = Object.keys(call.inputs);
  return compose(call, names, (tensors) => {
    const inputs = names.map((name) => tensors[name]!);
    return clone(sumOfProducts(...readOperands(equation, inputs)));
  });
}

/**
 * The gradient with respect to one operand: dy and the other operands, summed to the operand's letters. Along a letter
 * that only the operand has, the sum was taken over all elements alike.
 */
function einsumGradient(equation: string, tensors: readonly Tensor[], dy: Tensor, index: number): Tensor {
  const [operands, result] = readOperands(equation, tensors);
  const { letters, tensor } = operands[index]!;
  const others = operands.filter((_, i) => i !== index);
  if (dy.rank !== result.length)
    throw new Error(`einsum: expected a gradient of rank ${result.length} for "${equation}", got ${dy.rank}`);
  const factors = [{ tensor: dy, letters: result }, ...others];
  const known = [...letters].filter((letter) => factors.some((factor) => factor.letters.includes(letter)));
  const gradient = sumOfProducts(factors, known.join(''));
  // A tensor of its own, also where nothing was left to compute: the tape disposes what it adds up.
  if (known.length === letters.length) return reshape(gradient, tensor.shape);
  const shape = [...letters].map((letter, axis) => (known.includes(letter) ? tensor.shape[axis]! : 1));
  return broadcastTo(reshape(gradient, shape), tensor.shape);
}

/** The gradient of sums of products by letters. */
export const einsumGradients: readonly GradConfig[] = [
  {
    kernelName: 'Einsum',
    saveAllInputs: true,
    gradFunc: (dy, operands, { equation }) =>
      Object.fromEntries(
        operands.map((_, i) => [i, () => einsumGradient(equation as string, operands, dy as Tensor, i)]),
      ),
  },
];
