import type { KernelFunc, NamedAttrMap, NamedTensorInfoMap, TensorInfo } from '@tensorflow/tfjs-core';
import type { SideModule } from './side/side-module.js';

/** One call of a kernel by TensorFlow.js. */
export interface KernelCall {
  readonly inputs: NamedTensorInfoMap;
  readonly attrs: NamedAttrMap;
  readonly backend: object;
  /** The kernel that TensorFlow.js ships under this name, for cases that ours leaves alone. */
  readonly upstream: KernelFunc | undefined;
}

export type KernelResult = TensorInfo | TensorInfo[];

/** A kernel in its two implementations. */
export interface TrainingKernel {
  /** Name in TensorFlow.js's kernel registry. */
  readonly name: string;
  /** On the side module. Returns `undefined` for a case that it leaves to the composed kernel. */
  readonly side?: (call: KernelCall, module: SideModule) => KernelResult | undefined;
  /** Made of kernels that TensorFlow.js has. Returns `undefined` for a case that it leaves to TensorFlow.js. */
  readonly composed?: (call: KernelCall) => KernelResult | undefined;
}

/** An input that the kernel cannot do without. */
export function input(call: KernelCall, name: string): TensorInfo {
  const tensor = call.inputs[name];
  if (!tensor) throw new TypeError(`wasm-kernels: expected an input "${name}", got none`);
  return tensor;
}

/** The attributes of a call, in the shape that the kernel's definition in tfjs-core gives them. */
export function attributes<T>(call: KernelCall): T {
  return call.attrs as T;
}

/** Number of elements of a shape. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** The most axes that the library below TensorFlow.js's arithmetic handles. */
export const MOST_AXES = 6;
