import type * as tf from '@tensorflow/tfjs-core';
import { boolean, type ConfigOf, type Declarations, number } from '../declare/option.js';
import { type Declaring, definePart } from '../declare/part.js';
import { momentOptions } from './moments.js';
import { tfjsClasses } from './tfjs.js';

const rate = { learningRate: number({ min: 0, doc: 'Step size' }) };
const rateOf = (value: number) => ({ learningRate: number({ min: 0, default: value, doc: 'Step size' }) });
const share = ({ default: value, doc }: { readonly default: number; readonly doc: string }) =>
  number({ min: 0, below: 1, default: value, doc });
const { epsilon } = momentOptions;

const options = {
  'tfjs-sgd': rate,
  momentum: {
    ...rate,
    momentum: share({ default: 0.9, doc: 'Momentum factor' }),
    useNesterov: boolean({ default: false, doc: "Nesterov's look-ahead" }),
  },
  adam: { ...rateOf(0.001), ...momentOptions },
  adamax: {
    ...rateOf(0.002),
    ...momentOptions,
    decay: number({ min: 0, default: 0, doc: 'Decay of the learning rate per step' }),
  },
  rmsprop: {
    ...rate,
    decay: share({ default: 0.9, doc: 'Decay of the mean square' }),
    momentum: share({ default: 0, doc: 'Momentum factor' }),
    epsilon,
    centered: boolean({ default: false, doc: "Subtracts the mean's square" }),
  },
  adagrad: {
    ...rate,
    initialAccumulatorValue: number({ above: 0, default: 0.1, doc: 'Sum of squares at the start' }),
  },
  adadelta: { ...rateOf(0.001), rho: share({ default: 0.95, doc: 'Decay of the averages' }), epsilon },
};

type Options = typeof options;

/** Options of TensorFlow.js's own optimizers, in plain JSON. */
export type TfjsConfigs = { [Name in keyof Options]: ConfigOf<Options[Name]> };

declare module '../kinds.js' {
  interface BaseOptimizerConfigs extends TfjsConfigs {}
}

function tfjsPart(name: keyof Options, doc: string, source?: string): Declaring<'base-optimizer'> {
  return definePart({
    kind: 'base-optimizer',
    name,
    doc: `TensorFlow.js's ${doc}`,
    ...(source !== undefined && { source }),
    gradients: 1,
    options: options[name] as Declarations,
    create: (given): tf.Optimizer =>
      tfjsClasses[name].fromConfig(tfjsClasses[name], given as tf.serialization.ConfigDict),
  });
}

/** TensorFlow.js's own optimizers, as configurations name them; in code they are `tf.train.adam(…)` and so on. */
export const tfjsOptimizers = [
  tfjsPart('tfjs-sgd', 'stochastic gradient descent'),
  tfjsPart('momentum', 'stochastic gradient descent with momentum'),
  tfjsPart('adam', 'Adam', 'Kingma and Ba 2015, arXiv 1412.6980'),
  tfjsPart('adamax', 'Adamax', 'Kingma and Ba 2015, arXiv 1412.6980'),
  tfjsPart('rmsprop', 'RMSProp', 'Tieleman and Hinton 2012'),
  tfjsPart('adagrad', 'Adagrad', 'Duchi et al. 2011'),
  tfjsPart('adadelta', 'Adadelta', 'Zeiler 2012, arXiv 1212.5701'),
];
