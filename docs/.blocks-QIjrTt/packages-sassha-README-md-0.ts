import { sassha } from '@tfjs-sam/sassha';

const optimizer = sassha({ learningRate: 0.15, rho: 0.2, weightDecay: 1e-3 });

export {};
