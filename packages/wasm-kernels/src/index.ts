export { type TrainingBatchNorm, trainingBatchNorm } from './batch-norm.js';
export { layerNorm } from './layer-norm.js';
export {
  type KernelReport,
  type RegisteredKernel,
  type RegisterOptions,
  registeredOptions,
  registerTrainingKernels,
} from './register.js';
export type { SideBuild } from './side/compile.js';
export { type Reduction, softmaxCrossEntropy } from './softmax.js';
