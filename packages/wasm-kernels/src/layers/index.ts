/** Layers for `tf.layers` models, made of fused kernels. @module */
export * from './multi-head-attention.js';
