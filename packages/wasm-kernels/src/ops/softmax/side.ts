import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** Attributes of `SamSoftmaxCrossEntropy` and of its gradient. */
interface LossAttributes {
  /** `none`: a loss for each row; `mean`: one for all. */
  readonly reduction: 'none' | 'mean';
}

/** `SamSoftmaxCrossEntropy`: one loss per row of labels and logits [..., C], or their mean, summed in float64. */
export function softmaxCrossEntropy(call: KernelCall, side: SideModule): TensorInfo {
  const { reduction } = attributes<LossAttributes>(call);
  const [labels, logits] = [input(call, 'labels'), input(call, 'logits')];
  const columns = logits.shape.at(-1)!;
  const outer = logits.shape.slice(0, -1);
  const rows = sizeOf(outer);
  const result = side.output(reduction === 'mean' ? [] : outer);
  const [p, z, out] = [labels, logits, result].map((t) => side.address(t)) as [number, number, number];
  side.withMemory((columns + 1) * rows * 4, (tmp) => {
    const losses = reduction === 'mean' ? tmp + columns * rows * 4 : out;
    side.run.softmaxCrossEntropy(p, z, rows, columns, losses, tmp);
    if (reduction === 'none') return;
    const heap = side.backend.wasm.HEAPF32;
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += heap[losses / 4 + row]!;
    heap[out / 4] = sum / rows;
  });
  return result;
}

/** `SamSoftmaxCrossEntropyGrad`: the gradient with respect to the logits. */
export function softmaxCrossEntropyGradient(call: KernelCall, side: SideModule): TensorInfo {
  const { reduction } = attributes<LossAttributes>(call);
  const [labels, logits, dy] = ['labels', 'logits', 'dy'].map((name) => input(call, name)) as [
    TensorInfo,
    TensorInfo,
    TensorInfo,
  ];
  const result = side.output(logits.shape);
  const columns = logits.shape.at(-1)!;
  const rows = sizeOf(logits.shape) / columns;
  const [p, z, d, out] = [labels, logits, dy, result].map((t) => side.address(t)) as [
    number,
    number,
    number,
    number,
  ];
  side.withMemory(rows * 4, (tmp) => {
    const heap = side.backend.wasm.HEAPF32;
    if (reduction === 'mean') heap.fill(heap[d / 4]! / rows, tmp / 4, tmp / 4 + rows);
    const each = reduction === 'mean' ? tmp : d;
    side.run.softmaxCrossEntropyGradient(p, z, each, rows, columns, out);
  });
  return result;
}
