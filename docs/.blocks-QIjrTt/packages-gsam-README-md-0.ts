import { cosineDecay, sgd } from '@tfjs-sam/core';
import { gsam, rhoFromLearningRate } from '@tfjs-sam/gsam';

const learningRate = cosineDecay(0.1, 0, 5_000);
model.compile({
  optimizer: gsam(sgd({ learningRate, momentum: 0.9 }), {
    rho: rhoFromLearningRate({ rhoMax: 0.1, rhoMin: 0.02, learningRate }),
    alpha: 0.4,
  }),
  loss: 'categoricalCrossentropy',
});

export {};
