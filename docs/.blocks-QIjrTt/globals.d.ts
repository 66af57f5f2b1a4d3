
declare const model: import('@tensorflow/tfjs').LayersModel;
declare const x: import('@tensorflow/tfjs').Tensor;
declare const y: import('@tensorflow/tfjs').Tensor;
declare const xs: import('@tensorflow/tfjs').Tensor;
declare const ys: import('@tensorflow/tfjs').Tensor;
declare const loss: () => import('@tensorflow/tfjs').Scalar;
declare const variables: import('@tensorflow/tfjs').Variable[];
declare const optimizer: import('@tfjs-sam/core').SharpnessAwareOptimizer;
