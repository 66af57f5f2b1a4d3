/** The models of a comparison. Apart from the models themselves, so that checking a name needs no TensorFlow.js. */
export const modelNames = ['cnn', 'mlp', 'logistic', 'lenet', 'resnet', 'vit', 'lstm'] as const;
/** Name of a model. */
export type ModelName = (typeof modelNames)[number];
