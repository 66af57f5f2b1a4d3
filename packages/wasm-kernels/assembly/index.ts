// The side module: functions on addresses in the heap of TensorFlow.js's own wasm module, whose memory it imports.
export { attention, attentionGradient } from './attention';
export { avgPoolGradient } from './avg-pool';
export { col2im, convFilterGradient } from './conv';
export { depthwiseFilterGradient, depthwiseForward, depthwiseInputGradient } from './depthwise';
export { convForward, turnFilter } from './forward';
export { gemm, scratchBytes } from './gemm';
export { gruGates, gruOutput, gruOutputGradient, gruResetGradient } from './gru';
export { layerNorm, layerNormGradient, layerNormGradientBlocks } from './layer-norm';
export { lstmCell, lstmCellGradient } from './lstm';
export { activate, clamp } from './math';
export {
  batchNorm,
  batchNormFactors,
  batchNormGradient,
  batchNormGradientFactors,
  columnBlockProducts,
  combine,
  divide,
  reluGradient,
} from './normalize';
export { copyRows, permute } from './permute';
export { maxPoolGradient, maxPoolGradient2 } from './pool';
export { addBlocks, columnBlockSums, columnSums, padImages, segmentSum, tileRows } from './rows';
export { softmaxCrossEntropy, softmaxCrossEntropyGradient } from './softmax';
export { adamw, axpy, dot, momentum, scale, sgd, sumOfSquares } from './vector';
