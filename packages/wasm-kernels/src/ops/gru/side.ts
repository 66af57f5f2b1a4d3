import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall } from '../../kernel.js';
import { activations, type CellAttributes } from '../../side/activations.js';
import { type Matrix, rowMajor, type SideModule, transposed } from '../../side/side-module.js';

// Matrices [rows, 3·units] hold update gate, reset gate and candidate side by side. Products are the side module's; what
// is left of a step are a few passes over [rows, units], in JavaScript on the heap.

/** The cell's sizes, where its inputs lie, and memory for a call. */
interface Cell {
  readonly rows: number;
  readonly units: number;
  readonly h: number;
  /** Activated gates and candidate [rows, 3·units], and two matrices [rows, units]. */
  readonly open: number;
  readonly resetState: number;
  readonly spare: number;
  /** The recurrent kernel of both gates [units, 2·units] and of the candidate [units, units]. */
  readonly gates: Matrix;
  readonly candidate: Matrix;
}

/** Calls `use` with the cell of a call; nothing may be allocated inside: the views of the heap would be lost. */
function withCell(call: KernelCall, side: SideModule, use: (cell: Cell) => void): void {
  const h = input(call, 'h');
  const [rows, units] = h.shape as [number, number];
  const recurrent = side.address(input(call, 'recurrent'));
  const plane = rows * units * 4;
  side.scratch();
  side.withMemory(5 * plane, (open) =>
    use({
      ...{ rows, units, h: side.address(h), open, resetState: open + 3 * plane, spare: open + 4 * plane },
      gates: rowMajor(recurrent, 3 * units),
      candidate: rowMajor(recurrent + 8 * units, 3 * units),
    }),
  );
}

/** Applies an activation to columns of matrices [rows, 3·units] that begin at the addresses. */
function activateColumns(
  side: SideModule,
  { rows, units }: Cell,
  kind: number,
  from: number,
  to: number,
  n: number,
): void {
  const row = 12 * units;
  for (let i = 0; i < rows; i++) side.run.activate(kind, from + i * row, to + i * row, n);
}

/** r ∘ h. */
function resetStates(heap: Float32Array, { rows, units, h, open, resetState }: Cell): void {
  for (let i = 0; i < rows; i++) {
    const [r, own] = [open / 4 + (3 * i + 1) * units, i * units];
    for (let u = 0; u < units; u++) heap[resetState / 4 + own + u] = heap[r + u]! * heap[h / 4 + own + u]!;
  }
}

/** `SamGruCell`: h of the next step, and what the activations are taken of [rows, 3·units], from a, h and the weights. */
export function gruCell(call: KernelCall, side: SideModule): TensorInfo[] {
  const { gates: name } = attributes<CellAttributes>(call);
  const [a, bias] = [input(call, 'a'), input(call, 'bias')];
  const outs = [side.output(input(call, 'h').shape), side.output(a.shape)] as const;
  const [hNew, z, from, shift] = [...outs, a, bias].map((t) => side.address(t)) as [
    number,
    number,
    number,
    number,
  ];
  withCell(call, side, (cell) => {
    const { rows, units, h, open, resetState } = cell;
    const [row, last] = [12 * units, 8 * units];
    for (let i = 0; i < rows; i++) side.run.axpy(1, from + i * row, shift, z + i * row, 3 * units);
    side.multiply(rows, 2 * units, units, rowMajor(h, units), cell.gates, z, true, row);
    activateColumns(side, cell, activations[name], z, open, 2 * units);
    const heap = side.backend.wasm.HEAPF32;
    resetStates(heap, cell);
    side.multiply(rows, units, units, rowMajor(resetState, units), cell.candidate, z + last, true, row);
    activateColumns(side, cell, activations.tanh, z + last, open + last, units);
    for (let i = 0; i < rows; i++) {
      const [own, at] = [i * units, open / 4 + 3 * i * units];
      for (let u = 0; u < units; u++) {
        const update = heap[at + u]!;
        const kept = update * heap[h / 4 + own + u]!;
        heap[hNew / 4 + own + u] = kept + (1 - update) * heap[at + 2 * units + u]!;
      }
    }
  });
  return [...outs];
}

/** The derivative of a gate's activation at z, where its value is s. */
function gateSlope(name: CellAttributes['gates'], z: number, s: number): number {
  if (name === 'sigmoid') return s * (1 - s);
  const line = Math.fround(Math.fround(z * Math.fround(0.2)) + 0.5);
  return line >= 0 && line <= 1 ? 0.2 : 0;
}

/** Gradients at the update gate and the candidate, and the part of dh that the update gate lets through. */
function updateGradients(
  heap: Float32Array,
  { rows, units, h, open }: Cell,
  name: CellAttributes['gates'],
  [z, dh, dz, dhOld]: readonly number[],
): void {
  for (let i = 0; i < rows; i++) {
    const [own, all] = [i * units, 3 * i * units];
    for (let u = 0; u < units; u++) {
      const d = heap[dh! / 4 + own + u]!;
      const update = heap[open / 4 + all + u]!;
      const candidate = heap[open / 4 + all + 2 * units + u]!;
      const slope = gateSlope(name, heap[z! / 4 + all + u]!, update);
      heap[dz! / 4 + all + u] = d * (heap[h / 4 + own + u]! - candidate) * slope;
      heap[dz! / 4 + all + 2 * units + u] = d * (1 - update) * (1 - candidate * candidate);
      heap[dhOld! / 4 + own + u] = d * update;
    }
  }
}

/** Gradients at the reset gate and the part of dh that it lets through, from the gradient of r ∘ h in `spare`. */
function resetGradients(
  heap: Float32Array,
  { rows, units, h, open, spare }: Cell,
  name: CellAttributes['gates'],
  [z, dz, dhOld]: readonly number[],
): void {
  for (let i = 0; i < rows; i++) {
    const [own, all] = [i * units, (3 * i + 1) * units];
    for (let u = 0; u < units; u++) {
      const d = heap[spare / 4 + own + u]!;
      const reset = heap[open / 4 + all + u]!;
      const slope = gateSlope(name, heap[z! / 4 + all + u]!, reset);
      heap[dz! / 4 + all + u] = d * heap[h / 4 + own + u]! * slope;
      heap[dhOld! / 4 + own + u]! += d * reset;
    }
  }
}

/** `SamGruCellGrad`: gradients with respect to a, h and the recurrent kernel. */
export function gruCellGradient(call: KernelCall, side: SideModule): TensorInfo[] {
  const { gates: name } = attributes<CellAttributes>(call);
  const inputs = ['z', 'h', 'recurrent', 'dh'].map((key) => input(call, key));
  const outs = inputs.slice(0, 3).map(({ shape }) => side.output(shape));
  const [dz, dhOld, dRecurrent] = outs.map((t) => side.address(t)) as [number, number, number];
  const [z, , , dh] = inputs.map((t) => side.address(t)) as [number, number, number, number];
  withCell(call, side, (cell) => {
    const { rows, units, h, open, resetState, spare } = cell;
    const [row, last] = [12 * units, 8 * units];
    activateColumns(side, cell, activations[name], z, open, 2 * units);
    activateColumns(side, cell, activations.tanh, z + last, open + last, units);
    const heap = side.backend.wasm.HEAPF32;
    resetStates(heap, cell);
    updateGradients(heap, cell, name, [z, dh, dz, dhOld]);
    const [dGates, dCandidate] = [rowMajor(dz, 3 * units), rowMajor(dz + last, 3 * units)];
    side.multiply(rows, units, units, dCandidate, transposed(cell.candidate), spare);
    resetGradients(heap, cell, name, [z, dz, dhOld]);
    side.multiply(rows, units, 2 * units, dGates, transposed(cell.gates), dhOld, true);
    const [state, reset] = [rowMajor(h, units), rowMajor(resetState, units)];
    side.multiply(units, 2 * units, rows, transposed(state), dGates, dRecurrent, false, row);
    side.multiply(units, units, rows, transposed(reset), dCandidate, dRecurrent + last, false, row);
  });
  return outs;
}
