import * as tf from '@tensorflow/tfjs-core';
import { runFusedWhole } from './fused.js';
import type { ParamVector } from './param-vector.js';
import { spread } from './runs.js';

/** The operations of an elementwise formula, each rounded by itself. Numbers may stand for terms. */
export interface Operations<T> {
  add(a: T | number, b: T | number): T;
  sub(a: T | number, b: T | number): T;
  mul(a: T | number, b: T | number): T;
  div(a: T | number, b: T | number): T;
  /** a/b, 0 where b is 0. */
  divNoNan(a: T | number, b: T | number): T;
  minimum(a: T | number, b: T | number): T;
  maximum(a: T | number, b: T | number): T;
  /** 1 where a > b, else 0. */
  greater(a: T | number, b: T | number): T;
  abs(a: T): T;
  sqrt(a: T): T;
  /** a, 0 where it is not finite. */
  finite(a: T): T;
  /** a · b + c. */
  mulAdd(a: T | number, b: T | number, c: T | number): T;
}

/** An elementwise formula: from one entry of its inputs to those of its outputs. */
export type Formula<K extends string> = <T>(
  operations: Operations<T>,
  inputs: Readonly<Record<K, T>>,
) => readonly T[];

/** Inputs of a formula: vectors of the same shapes, and numbers for all their entries. */
export type FormulaInputs<K extends string> = Readonly<Record<K, readonly tf.Tensor[] | tf.Tensor | number>>;

const composed: Operations<tf.Tensor> = {
  add: (a, b) => tf.add(a, b),
  sub: (a, b) => tf.sub(a, b),
  mul: (a, b) => tf.mul(a, b),
  div: (a, b) => tf.div(a, b),
  divNoNan: (a, b) => tf.divNoNan(a, b),
  minimum: (a, b) => tf.minimum(a, b),
  maximum: (a, b) => tf.maximum(a, b),
  greater: (a, b) => tf.cast(tf.greater(a, b), 'float32'),
  abs: (a) => tf.abs(a),
  sqrt: (a) => tf.sqrt(a),
  finite: (a) => tf.where(tf.isFinite(a), a, tf.zerosLike(a)),
  mulAdd: (a, b, c) => tf.add(tf.mul(a, b), c),
};

/**
 * Makes a function of vectors from an elementwise formula: one pass over the weights where the backend has the kernel
 * (`@tfjs-sam/wasm-kernels`), else operation by operation, with the same bits where the backend rounds each.
 *
 * @param formula - Called with operations that record it or compute it: without branches on values. At least one of its inputs
 *   is a vector; a tensor is a number for all entries, Scalar or [runs].
 * @returns From inputs to one vector per output, of the shapes of the vectors. The caller disposes them.
 * @throws TypeError, where it is called, for an output that is an input, or stands twice.
 * @example
 * const decayed = elementwise<'g' | 'w' | 'decay'>(({ mulAdd }, { g, w, decay }) => [mulAdd(decay, w, g)]);
 * const [direction] = decayed({ g: gradient, w: variables, decay: 1e-4 });
 */
/*#__NO_SIDE_EFFECTS__*/
export function elementwise<K extends string>(
  formula: Formula<K>,
): (inputs: FormulaInputs<K>) => [ParamVector, ...ParamVector[]] {
  const programs = new Map<string, Program>();
  return (inputs) => {
    const keys = sorted(inputs);
    const first = inputs[keys.vectors[0]!] as readonly tf.Tensor[];
    const signature = `${keys.vectors}|${keys.scalars}|${keys.numbers}`;
    const program = programs.get(signature) ?? record(formula, keys);
    programs.set(signature, program);
    const made = fused(program, keys, inputs);
    const each = made?.length ? undefined : composedOutputs(formula, inputs, first);
    const at = (output: number, i: number) => (each ? each[i]![output]! : made![output * first.length + i]!);
    return Array.from({ length: program.outputs }, (_, output) => first.map((_, i) => at(output, i))) as [
      ParamVector,
      ...ParamVector[],
    ];
  };
}

/** The outputs of each variable, by TensorFlow.js's own operations. */
function composedOutputs<K extends string>(
  formula: Formula<K>,
  inputs: FormulaInputs<K>,
  first: readonly tf.Tensor[],
): (readonly tf.Tensor[])[] {
  return first.map((like, i) =>
    tf.tidy(() => {
      const entries: Partial<Record<K, tf.Tensor | number>> = {};
      for (const key in inputs) {
        const value = inputs[key] as readonly tf.Tensor[] | tf.Tensor | number;
        if (typeof value === 'number') entries[key] = value;
        else entries[key] = Array.isArray(value) ? value[i]! : spread(value as tf.Tensor, like);
      }
      // TensorFlow.js's operations take numbers as they are.
      return [...formula(composed, entries as Record<K, tf.Tensor>)];
    }),
  );
}

/** A value of a formula, by the operand that will hold it. */
interface Term {
  operand: number;
}

/** A formula as the kernel runs it; `constants` after the numbers of a call. */
interface Program {
  readonly vectors: number;
  readonly scalars: number;
  readonly outputs: number;
  readonly constants: readonly number[];
  readonly operands: number;
  readonly instructions: readonly (readonly [string, ...number[]])[];
}

/** The inputs by their sort: vectors, tensors for all entries, numbers for all entries. */
function sorted<K extends string>(inputs: FormulaInputs<K>): Readonly<Record<Sort, readonly K[]>> {
  const keys: Record<Sort, K[]> = { vectors: [], scalars: [], numbers: [] };
  for (const key in inputs) {
    const value = inputs[key];
    keys[Array.isArray(value) ? 'vectors' : typeof value === 'number' ? 'numbers' : 'scalars'].push(key);
  }
  return keys;
}

type Sort = 'vectors' | 'scalars' | 'numbers';

/** The kernel takes float32 tensors of as many elements as one another, and single numbers. */
function fits(vectors: readonly (readonly tf.Tensor[])[], scalars: readonly tf.Tensor[]): boolean {
  const first = vectors[0]!;
  const alike = (vector: readonly tf.Tensor[]) =>
    vector.length === first.length && vector.every(({ size }, i) => size === first[i]!.size);
  return vectors.every(alike) && scalars.every(({ dtype, size }) => dtype === 'float32' && size === 1);
}

function fused<K extends string>(
  program: Program,
  { vectors, scalars, numbers }: Readonly<Record<Sort, readonly K[]>>,
  inputs: FormulaInputs<K>,
): tf.Tensor[] | undefined {
  const [streams, factors] = [
    vectors.map((key) => inputs[key] as readonly tf.Tensor[]),
    scalars.map((key) => inputs[key] as tf.Tensor),
  ];
  if (!fits(streams, factors)) return undefined;
  const named: Record<string, readonly tf.Tensor[] | tf.Tensor> = {};
  for (const [i, stream] of streams.entries()) named[`${i}v`] = stream;
  for (const [i, factor] of factors.entries()) named[`s${i}`] = factor;
  const constants = [...numbers.map((key) => inputs[key] as number), ...program.constants];
  return runFusedWhole('SamPass', named, { ...program, constants });
}

/** Writes a formula down. */
function record<K extends string>(
  formula: Formula<K>,
  { vectors, scalars, numbers }: Readonly<Record<Sort, readonly K[]>>,
): Program {
  const steps: { readonly operation: string; readonly result: Term; readonly from: readonly Term[] }[] = [];
  const constants = new Map<number, Term>();
  const constant = (value: number): Term => {
    const term = constants.get(value) ?? { operand: -1 };
    constants.set(value, term);
    return term;
  };
  const operations = Object.fromEntries(
    Object.keys(composed).map((operation) => [
      operation,
      (...operands: (Term | number)[]): Term => {
        const result = { operand: -1 };
        const from = operands.map((each) => (typeof each === 'number' ? constant(each) : each));
        steps.push({ operation, result, from });
        return result;
      },
    ]),
  ) as unknown as Operations<Term>;
  const given = new Map([...vectors, ...scalars, ...numbers].map((key) => [key, { operand: -1 }]));
  const results = formula(operations, Object.fromEntries(given) as Record<K, Term>);
  // The operands' order is the kernel's: vectors, outputs, numbers, what lies between.
  let operands = 0;
  const place = (term: Term) => {
    term.operand = operands++;
  };
  for (const key of vectors) place(given.get(key)!);
  for (const result of results) {
    if (result.operand >= 0)
      throw new TypeError('elementwise: expected outputs that are computed, each once');
    place(result);
  }
  for (const key of [...scalars, ...numbers]) place(given.get(key)!);
  for (const term of constants.values()) place(term);
  const free: number[] = [];
  const instructions = steps.map(({ operation, result, from }, i): [string, ...number[]] => {
    const places = from.map(({ operand }) => operand);
    const fixed = result.operand >= 0;
    if (!fixed) result.operand = free.pop() ?? operands++;
    for (const term of new Set(from))
      if (isBetween(term) && !steps.slice(i + 1).some((later) => later.from.includes(term)))
        free.push(term.operand);
    return [operation, result.operand, ...places];
  });
  function isBetween(term: Term) {
    return steps.some(({ result }) => result === term) && !results.includes(term);
  }
  const counts = { vectors: vectors.length, scalars: scalars.length, outputs: results.length };
  return { ...counts, constants: [...constants.keys()], operands, instructions };
}
