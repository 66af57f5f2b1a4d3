import { add, ascentStep, euclideanMetric, scale, sgd, sharpnessAware, type SharpnessRule } from '@tfjs-sam/core';

const halfway: SharpnessRule = {
  name: 'halfway',
  direction: (oracle) => {
    const { loss, gradient } = oracle.evaluate();
    const perturbation = ascentStep(euclideanMetric().at(gradient, oracle), gradient, 0.05);
    const perturbed = oracle.evaluate({ perturbation });
    return { loss, direction: scale(0.5, add(gradient, perturbed.gradient)) };
  },
};
const optimizer = sharpnessAware(sgd({ learningRate: 0.1 }), halfway);

export {};
