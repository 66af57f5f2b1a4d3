import { z } from 'zod';
import '../../optimizers/averaging.js';
import '../../optimizers/clipping.js';
import '../../optimizers/scheduled.js';
import '../../optimizers/tfjs.js';
import '../../optimizers/weight-decay.js';
import type { AnyOptimizerConfig, PartConfigs } from '../kinds.js';
import { anyOptimizer, schedule } from '../options.js';
import { fromCatalog } from './catalog.js';

const rate = z.number().min(0).describe('Step size');
const factor = (what: string) => z.number().min(0).lt(1).describe(what);
const beta1 = factor('Decay of the first moment').default(0.9);
const beta2 = factor('Decay of the second moment').default(0.999);
const epsilon = z.number().gt(0).default(1e-7).describe('Guard in the denominator');
const weightDecay = z.number().min(0);
const base = anyOptimizer().describe('The optimizer that is wrapped');
const averaged = {
  start: z.int().min(0).default(0).describe('Number of the first update whose result is taken in'),
  every: z.int().min(1).default(1).describe('Updates from one taken in to the next'),
  base,
};

const options = {
  sgd: z.strictObject({
    learningRate: schedule().describe('Step size, or a schedule of it'),
    momentum: factor('Momentum factor').default(0),
    nesterov: z.boolean().default(false).describe("Nesterov's look-ahead; needs a momentum"),
    weightDecay: weightDecay.default(0).describe('Coupled (L2) weight decay, added to the gradient'),
  }),
  adamw: z.strictObject({
    learningRate: schedule().default(0.001).describe('Step size, or a schedule of it'),
    beta1,
    beta2,
    epsilon,
    weightDecay: weightDecay
      .default(0.01)
      .describe('Weight decay: decoupled, times the learning rate, or coupled'),
    coupled: z.boolean().default(false).describe('Whether the decay is added to the gradient instead'),
    amsgrad: z.boolean().default(false).describe('Whether the second moment never falls (AMSGrad)'),
  }),
  lion: z.strictObject({
    learningRate: schedule().default(1e-4).describe('Step size, or a schedule of it'),
    beta1: factor('Share of the old momentum in the direction').default(0.9),
    beta2: factor('Decay of the momentum').default(0.99),
    weightDecay: weightDecay.default(0).describe('Decoupled weight decay, times the learning rate'),
  }),
  'weight-decay': z.strictObject({
    weightDecay: weightDecay.describe('Decoupled weight decay, times the learning rate'),
    decay: z
      .enum(['weights', 'all'])
      .default('weights')
      .describe('Which variables decay: "weights" leaves out biases, scales and offsets'),
    base,
  }),
  'clip-by-global-norm': z.strictObject({
    maxNorm: z.number().gt(0).describe('Longest gradient that stays as it is'),
    base,
  }),
  'clip-by-value': z.strictObject({ limit: z.number().gt(0).describe('Largest size of an entry'), base }),
  'learning-rate': z.strictObject({
    learningRate: schedule().describe('Learning rate of the wrapped optimizer, or a schedule of it'),
    base,
  }),
  'exponential-moving-average': z.strictObject({
    decay: factor('Share of the old average in the new one').default(0.999),
    ...averaged,
  }),
  'stochastic-weight-average': z.strictObject(averaged),
  'tfjs-sgd': z.strictObject({ learningRate: rate }),
  momentum: z.strictObject({
    learningRate: rate,
    momentum: factor('Momentum factor').default(0.9),
    useNesterov: z.boolean().default(false).describe("Nesterov's look-ahead"),
  }),
  adam: z.strictObject({ learningRate: rate.default(0.001), beta1, beta2, epsilon }),
  adamax: z.strictObject({
    learningRate: rate.default(0.002),
    beta1,
    beta2,
    epsilon,
    decay: z.number().min(0).default(0).describe('Decay of the learning rate per step'),
  }),
  rmsprop: z.strictObject({
    learningRate: rate,
    decay: factor('Decay of the mean square').default(0.9),
    momentum: factor('Momentum factor').default(0),
    epsilon,
    centered: z.boolean().default(false).describe("Whether to subtract the mean's square"),
  }),
  adagrad: z.strictObject({
    learningRate: rate,
    initialAccumulatorValue: z.number().gt(0).default(0.1).describe('Sum of squares at the start'),
  }),
  adadelta: z.strictObject({
    learningRate: rate.default(0.001),
    rho: factor('Decay of the averages').default(0.95),
    epsilon,
  }),
};

const plugin = (name: keyof typeof options, description: string) =>
  fromCatalog('base-optimizer', name, description, options[name]);

/** The options of a wrapper. Written out: a configuration that holds itself needs an interface with a name. */
interface Wrapper {
  readonly base: AnyOptimizerConfig;
}
interface WeightDecayConfig extends Wrapper {
  readonly weightDecay: number;
  readonly decay?: 'weights' | 'all' | undefined;
}
interface ClipByGlobalNormConfig extends Wrapper {
  readonly maxNorm: number;
}
interface ClipByValueConfig extends Wrapper {
  readonly limit: number;
}
interface LearningRateConfig extends Wrapper {
  readonly learningRate: PartConfigs['schedule'];
}
interface AverageConfig extends Wrapper {
  readonly start?: number | undefined;
  readonly every?: number | undefined;
}
interface MovingAverageConfig extends AverageConfig {
  readonly decay?: number | undefined;
}

/** What a configuration may say of core's base optimizers. */
export interface CoreBaseOptimizerConfigs {
  sgd: z.input<typeof options.sgd>;
  adamw: z.input<typeof options.adamw>;
  lion: z.input<typeof options.lion>;
  'weight-decay': WeightDecayConfig;
  'clip-by-global-norm': ClipByGlobalNormConfig;
  'clip-by-value': ClipByValueConfig;
  'learning-rate': LearningRateConfig;
  'exponential-moving-average': MovingAverageConfig;
  'stochastic-weight-average': AverageConfig;
  'tfjs-sgd': z.input<(typeof options)['tfjs-sgd']>;
  momentum: z.input<typeof options.momentum>;
  adam: z.input<typeof options.adam>;
  adamax: z.input<typeof options.adamax>;
  rmsprop: z.input<typeof options.rmsprop>;
  adagrad: z.input<typeof options.adagrad>;
  adadelta: z.input<typeof options.adadelta>;
}

/** Core's base optimizers and TensorFlow.js's own as plugins. */
export const baseOptimizers = [
  plugin('sgd', "Stochastic gradient descent with momentum and coupled weight decay, PyTorch's semantics"),
  plugin('adamw', 'Adam with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101)'),
  plugin('lion', 'Steps of the sign of a momentum (Chen et al. 2023, arXiv 2302.06675)'),
  plugin(
    'weight-decay',
    'Decoupled weight decay beside any optimizer (Loshchilov and Hutter 2019, arXiv 1711.05101)',
  ),
  plugin(
    'clip-by-global-norm',
    'Any optimizer, its gradient cut to a longest norm (Pascanu et al. 2013, arXiv 1211.5063)',
  ),
  plugin('clip-by-value', 'Any optimizer, each entry of its gradient cut to a largest size'),
  plugin('learning-rate', 'Any optimizer, with a schedule of its learning rate'),
  plugin(
    'exponential-moving-average',
    'Any optimizer, and a moving average of the weights (Polyak and Juditsky 1992)',
  ),
  plugin(
    'stochastic-weight-average',
    'Any optimizer, and the mean of the weights (Izmailov et al. 2018, arXiv 1803.05407)',
  ),
  plugin('tfjs-sgd', "TensorFlow.js's stochastic gradient descent"),
  plugin('momentum', "TensorFlow.js's stochastic gradient descent with momentum"),
  plugin('adam', "TensorFlow.js's Adam (Kingma and Ba 2015, arXiv 1412.6980)"),
  plugin('adamax', "TensorFlow.js's Adamax (Kingma and Ba 2015, arXiv 1412.6980)"),
  plugin('rmsprop', "TensorFlow.js's RMSProp (Tieleman and Hinton 2012)"),
  plugin('adagrad', "TensorFlow.js's Adagrad (Duchi et al. 2011)"),
  plugin('adadelta', "TensorFlow.js's Adadelta (Zeiler 2012, arXiv 1212.5701)"),
];
