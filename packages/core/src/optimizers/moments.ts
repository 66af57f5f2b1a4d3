import { number } from '../declare/option.js';

/** Options of optimizers in Adam's manner. */
export const momentOptions = {
  beta1: number({ min: 0, below: 1, default: 0.9, doc: 'Decay of the first moment' }),
  beta2: number({ min: 0, below: 1, default: 0.999, doc: 'Decay of the second moment' }),
  epsilon: number({
    above: 0,
    default: 1e-7,
    doc: "Guard, added to the root of the second moment; the default is TensorFlow.js's",
  }),
};
