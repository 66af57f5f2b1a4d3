import { engine, mul, type Tensor } from '@tensorflow/tfjs-core';
import { input, type KernelCall, type KernelResult } from '../../kernel.js';
import { compose } from '../../tensor-infos.js';

/** The shape in which TensorFlow.js packed a right factor. */
const packed = new WeakMap<object, string>();

/**
 * TensorFlow.js's own product. It keeps a right factor in packed form and finds it by the identity of its data, whatever the
 * shape: data that a reshaped tensor shares is copied when it comes in another one.
 */
export function upstreamProduct(call: KernelCall, kernelName: string): KernelResult | undefined {
  const { dataId, shape } = input(call, 'b');
  const key = shape.slice(-2).join();
  if ((packed.get(dataId) ?? key) === key) {
    packed.set(dataId, key);
    return call.upstream?.(call);
  }
  const names = Object.keys(call.inputs).filter((name) => call.inputs[name]);
  return compose(call, names, (tensors) => {
    const copied = { ...tensors, b: mul(tensors.b!, 1) };
    return engine().runKernel(kernelName, copied, call.attrs) as Tensor;
  });
}
