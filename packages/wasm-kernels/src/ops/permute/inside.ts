import { slice_util } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall } from '../../kernel.js';

/** Refuses a part that reaches beyond x, where TensorFlow.js's own kernel reads what lies behind. */
export function sliceInside(call: KernelCall): undefined {
  const { begin, size } = attributes<{ begin: number | number[]; size: number | number[] }>(call);
  const x = input(call, 'x');
  slice_util.assertParamsValid(x, ...(slice_util.parseSliceParams(x, begin, size) as [number[], number[]]));
}
