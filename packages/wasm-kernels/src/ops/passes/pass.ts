import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, type KernelCall, sizeOf } from '../../kernel.js';
import { passesOf } from '../../side/passes-module.js';
import type { SideModule } from '../../side/side-module.js';
import { partner, scalarValue, vector } from '../optimizers/vectors.js';

/** The operations, in the order of `assembly/passes/pass.ts`. */
const operations = [
  ...['add', 'sub', 'mul', 'div', 'divNoNan', 'minimum', 'maximum', 'greater'],
  ...['abs', 'sqrt', 'finite', 'mulAdd'],
];

/**
 * Attributes of `SamPass`: an elementwise formula. Operands are numbered: the vectors `0v`, `1v`, …; the outputs; the scalar
 * inputs `s0`, `s1`, …; the constants; what lies between.
 */
interface PassAttributes {
  readonly vectors: number;
  readonly outputs: number;
  readonly scalars: number;
  readonly constants: readonly number[];
  /** The number of operands. */
  readonly operands: number;
  /** Operation, operand that takes the result, operands. */
  readonly instructions: readonly (readonly [operation: string, out: number, ...operands: number[]])[];
}

/** Bytes of a block, and of an instruction, in `assembly/passes/pass.ts`. */
const BLOCK = 2048;
const INSTRUCTION = 20;

/** `SamPass`: the outputs of the formula, one after the other; nothing until its module is ready. */
export function pass(call: KernelCall, side: SideModule): TensorInfo[] {
  const passes = passesOf(call.backend);
  if (!passes) return [];
  const { vectors, outputs, scalars, constants, operands, instructions } = attributes<PassAttributes>(call);
  const first = vector(call, '0v');
  const inputs = [first, ...range(vectors - 1).map((k) => partner(call, `${k + 1}v`, first))];
  const numbers = [...range(scalars).map((k) => scalarValue(call, side, `s${k}`)), ...constants];
  const made = range(outputs).map(() => first.map(({ shape }) => side.output(shape)));
  const all = [...inputs, ...made];
  // Tensors of another backend are brought here before memory is looked at: it may grow.
  for (const tensor of inputs.flat()) side.address(tensor);
  const streams = all.length;
  const spareBytes = streams * (BLOCK + 4);
  const blocks = (operands - streams) * BLOCK;
  const [tableBytes, codeBytes] = [operands * 4, instructions.length * INSTRUCTION];
  side.withMemory(blocks + spareBytes + tableBytes + codeBytes, (block) => {
    const spare = block + blocks;
    const table = spare + spareBytes;
    const code = table + tableBytes;
    const words = new Uint32Array(side.backend.wasm.asm.memory.buffer);
    for (const [i, [operation, ...places]] of instructions.entries()) {
      const word = (code + i * INSTRUCTION) / 4;
      words[word] = operations.indexOf(operation);
      for (let j = 0; j < 4; j++) words[word + 1 + j] = places[j] ?? places[0]!;
    }
    for (const [i, number] of numbers.entries()) passes.fill(block + i * BLOCK, number);
    for (let k = streams; k < operands; k++) words[table / 4 + k] = block + (k - streams) * BLOCK;
    for (const [i, { shape }] of first.entries()) {
      for (let k = 0; k < streams; k++) words[table / 4 + k] = side.address(all[k]![i]!);
      passes.pass(table, vectors, streams, code, code + codeBytes, spare, sizeOf(shape));
    }
  });
  return made.flat();
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
