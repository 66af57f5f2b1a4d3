import type { Feature } from '../../feature.js';
import { activatedAfter } from '../../fused-activation.js';
import { paddedAvgPool, paddedConv2d, paddedDepthwise, paddedMaxPool } from './padding.js';

/** Padding and rounding of convolutions and pooling, which TensorFlow.js has wrong on wasm. */
export const windowPaddingFeature: Feature = {
  kernels: [
    { name: 'Conv2D', composed: paddedConv2d },
    { name: 'FusedConv2D', composed: activatedAfter(paddedConv2d) },
    { name: 'DepthwiseConv2dNative', composed: paddedDepthwise },
    { name: 'FusedDepthwiseConv2D', composed: activatedAfter(paddedDepthwise) },
    { name: 'MaxPool', composed: paddedMaxPool },
    { name: 'AvgPool', composed: paddedAvgPool },
  ],
  repairs: [
    {
      op: '`maxPool` of a window that lies in the padding altogether',
      wrong: 'takes the nearest pixel',
      fix: '−∞ as on cpu',
    },
    { op: '`maxPool` and `avgPool` of NaN, `avgPool` of ∞', wrong: '−∞' },
    {
      op: '`conv2d`, `depthwiseConv2d`, pooling with a numeric padding',
      wrong:
        'with a filter or strides that differ between height and width the output size is wrong (on cpu, too: left alone there), and the kernel writes outside the output',
    },
    {
      op: "the same with `dimRoundingMode` 'ceil' or 'round'",
      wrong: 'a size that is rounded up leaves part of the output unwritten, the rest in a wrong order',
    },
    {
      op: "`conv2d`, `depthwiseConv2d` with 'same' padding",
      wrong: 'the windows are shifted where the filter is shorter than the stride',
    },
    {
      op: "`tf.fused.matMul`, `tf.fused.conv2d`, `tf.fused.depthwiseConv2d` with 'relu' or 'relu6', as layers predict with",
      wrong: 'turn NaN into a bound',
    },
    {
      op: '`conv2d`, `depthwiseConv2d`, pooling with a window longer than the image',
      wrong: 'writes outside the output and damages the heap',
      fix: 'an empty output, and an error where its size would be negative',
    },
    { op: '`conv2d` over no channels or no image', wrong: 'whatever the heap held before instead of 0' },
    { op: '`depthwiseConv2d` of no channels', wrong: 'a trap of WebAssembly instead of an empty tensor' },
  ],
};
