import * as tf from '@tensorflow/tfjs';
import { pgn } from '@tfjs-sam/pgn';

const optimizer = pgn(tf.train.momentum(0.05, 0.9), { rho: 0.1, alpha: 0.8 });

export {};
