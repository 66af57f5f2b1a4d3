import * as tf from '@tensorflow/tfjs';
import { frobSam, universalSam } from '@tfjs-sam/universal-sam';

const frobenius = frobSam(tf.train.momentum(0.05, 0.9), { samples: 4, seed: 1 });
const entropic = universalSam(tf.train.adam(1e-3), {
  phi: 'log',
  psi: 'exp',
  samples: 4,
  distribution: 'sphere',
});
const own = universalSam(tf.train.adam(1e-3), { psi: (d) => tf.relu(d), psiDerivative: (d) => tf.step(d) });

export {};
