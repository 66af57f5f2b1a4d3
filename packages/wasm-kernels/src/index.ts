export type { RegisteredKernel } from './kernel-registry.js';
export { type AttentionOptions, dotProductAttention } from './ops/attention/attention.js';
export { type TrainingBatchNorm, trainingBatchNorm } from './ops/batch-norm/layer.js';
export { layerNorm } from './ops/layer-norm/layer.js';
export { type Reduction, softmaxCrossEntropy } from './ops/softmax/loss.js';
export {
  type KernelReport,
  type RegisterOptions,
  registeredOptions,
  registerTrainingGradients,
  registerTrainingKernels,
  unregisterTrainingKernels,
} from './register.js';
export type { SideBuild } from './side/compile.js';
