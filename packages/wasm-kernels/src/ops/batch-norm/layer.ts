import {
  batchNorm,
  engine,
  type GradConfig,
  moments,
  ones,
  reshape,
  type Tensor,
  type Tensor1D,
  type Tensor2D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { isUsable } from '../../availability.js';
import { asFloat, requireVectors } from '../../layer-inputs.js';
import { hasMembers, type LayerCall, layerCall, onlyInput, type Weight } from '../../layers.js';

/** The result of {@link trainingBatchNorm}. The caller disposes it. */
export interface TrainingBatchNorm {
  /** Shape of x. */
  readonly y: Tensor;
  /** Mean of each channel, [C]. */
  readonly mean: Tensor1D;
  /** Biased variance of each channel, [C]. */
  readonly variance: Tensor1D;
}

/** Mean and variance of each column; 0 where there are no rows, of which TensorFlow.js has no gradient on any backend. */
function statisticsOf(rows: Tensor2D): { mean: Tensor1D; variance: Tensor1D } {
  if (rows.size > 0) return moments(rows, 0) as { mean: Tensor1D; variance: Tensor1D };
  const columns: [number] = [rows.shape[1]];
  return { mean: zeros(columns), variance: zeros(columns) };
}

/**
 * Batch normalisation by the batch's own statistics, in one kernel with one gradient where our kernels are.
 *
 *   y = γ(x − mean)/√(variance + ε) + β
 *
 * @param x - [..., C], cast to float32. @param gamma - [C]. @param beta - [C].
 * @param epsilon - Added to the variance, > 0. Default 1e-3, that of the Layers API.
 * @throws RangeError when the shape of gamma or beta is not [C].
 */
export function trainingBatchNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon = 1e-3): TrainingBatchNorm {
  requireVectors('trainingBatchNorm', x, { gamma, beta });
  return tidy(() => {
    const inputs = { x: asFloat(x), gamma: asFloat(gamma), beta: asFloat(beta) };
    if (isUsable('SamBatchNorm') && x.size > 0) {
      const outs = engine().runKernel('SamBatchNorm', inputs, { epsilon });
      const [y, mean, variance] = outs as unknown as [Tensor, Tensor1D, Tensor1D];
      return { y, mean, variance };
    }
    // The gradient of TensorFlow.js's batchNorm stops at rank 4.
    const rows: Tensor2D = reshape(inputs.x, [x.size / Math.max(gamma.size, 1), gamma.size]);
    const { mean, variance } = statisticsOf(rows);
    const affine = [inputs.beta as Tensor1D, inputs.gamma as Tensor1D] as const;
    return { y: reshape(batchNorm(rows, mean, variance, ...affine, epsilon), x.shape), mean, variance };
  });
}

/** A statistic that a layer keeps. */
interface Statistic extends Weight {
  write(value: Tensor): unknown;
}

/** The members that are used of the Layers API's BatchNormalization. */
interface BatchNormLayer {
  readonly scale: boolean;
  readonly center: boolean;
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma: Weight | null | undefined;
  readonly beta: Weight | null | undefined;
  readonly movingMean: Statistic;
  readonly movingVariance: Statistic;
}

/** Moves what the layer keeps of the batches' statistics towards those of this one. */
function moveAverages(layer: BatchNormLayer, mean: Tensor, variance: Tensor): void {
  const { movingMean, movingVariance, momentum } = layer;
  const inputs = { mean, variance, oldMean: movingMean.read(), oldVariance: movingVariance.read() };
  const moved = engine().runKernel('SamMovingAverages', inputs, { momentum }) as unknown as Tensor[];
  movingMean.write(moved[0]!);
  movingVariance.write(moved[1]!);
}

/** A layer with a scale of 1 and a shift of 0 where it has none: TensorFlow.js's own cannot train without. */
function completed(layer: BatchNormLayer): BatchNormLayer {
  const columns = (): number[] => layer.movingMean.read().shape;
  const scaled = layer.gamma ? {} : { gamma: { value: { read: () => ones(columns()) } } };
  const shifted = layer.beta ? {} : { beta: { value: { read: () => zeros(columns()) } } };
  return Object.create(layer, { ...scaled, ...shifted }) as BatchNormLayer;
}

function fusedCall(original: LayerCall<BatchNormLayer>): LayerCall<BatchNormLayer> {
  const fused: LayerCall<BatchNormLayer> = function call(inputs, kwargs) {
    const isPlain = (this.scale === false && !this.gamma) || (this.center === false && !this.beta);
    if (isPlain && kwargs?.training && hasMembers(this, ['movingMean', 'movingVariance']))
      return tidy(() => fused.call(completed(this), inputs, kwargs));
    const x = onlyInput(inputs);
    const { gamma, beta, axis } = this;
    const weights = hasMembers(this, ['gamma', 'beta', 'movingMean', 'movingVariance']);
    const fits = x && weights && (axis === -1 || axis === x.rank - 1);
    if (!kwargs?.training || !gamma || !beta || !fits || !isUsable('SamBatchNorm'))
      return original.call(this, inputs, kwargs);
    return tidy(() => {
      const { y, mean, variance } = trainingBatchNorm(x, gamma.read(), beta.read(), this.epsilon);
      moveAverages(this, mean, variance);
      return y;
    });
  };
  return fused;
}

/** The gradient of the fused kernel. */
export const batchNormGradient: GradConfig = {
  kernelName: 'SamBatchNorm',
  inputsToSave: ['x', 'gamma'],
  outputsToSave: [false, true, true],
  gradFunc: (dys, [x, gamma, mean, variance], attrs) => {
    const [dy, dMean, dVariance] = dys as Tensor[];
    const saved = { x: x!, gamma: gamma!, mean: mean!, variance: variance! };
    const inputs = { ...saved, dy: dy!, dMean: dMean!, dVariance: dVariance! };
    const outs = engine().runKernel('SamBatchNormGrad', inputs, attrs) as unknown as Tensor[];
    return { x: () => outs[0]!, gamma: () => outs[1]!, beta: () => outs[2]! };
  },
};

/** BatchNormalization of the Layers API, which uses {@link trainingBatchNorm} in training. */
export const batchNormLayer = layerCall('BatchNormalization', fusedCall);
