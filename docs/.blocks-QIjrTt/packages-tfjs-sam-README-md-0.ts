import { createDefaultRegistry, cosineDecay, msam } from 'tfjs-sam';
import * as tf from '@tensorflow/tfjs';

// By function: any tf.Optimizer as base, a drop-in for model.compile and minimize.
const optimizer = msam(tf.train.momentum(0.05, 0.9), { rho: cosineDecay(0.1, 0.02, 5_000) });

// By name, from a file for instance: checked when it is read, and by the compiler where it is written in TypeScript.
const registry = createDefaultRegistry();
const same = registry.create({
  variant: 'msam',
  rho: { name: 'cosine', from: 0.1, to: 0.02, steps: 5_000 },
  base: { name: 'momentum', learningRate: 0.05, momentum: 0.9 },
});

export {};
