import * as tf from '@tensorflow/tfjs';
import type { SharpnessAwareOptimizer } from '@tfjs-sam/core';
declare const optimizer: SharpnessAwareOptimizer;
declare const parts: { xs: tf.Tensor; ys: tf.Tensor }[];
declare const loss: (part: { xs: tf.Tensor; ys: tf.Tensor }) => tf.Scalar;

optimizer.minimizeOver(parts.map((part) => () => loss(part)));

export {};
