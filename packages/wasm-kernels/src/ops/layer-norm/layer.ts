import {
  add,
  engine,
  type GradConfig,
  moments,
  mul,
  ones,
  rsqrt,
  sub,
  type Tensor,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { isAvailable, isUsable } from '../../availability.js';
import { asFloat, requireVectors } from '../../layer-inputs.js';
import { hasMembers, type LayerCall, layerCall, onlyInput, type Weight } from '../../layers.js';

/**
 * Layer normalisation over the last axis, in one kernel with one gradient where our kernels are.
 *
 *   y = γ(x − mean)/√(variance + ε) + β
 *
 * with the mean and the biased variance of the C elements that lie next to one another.
 *
 * @param x - [..., C], cast to float32. @param gamma - [C]. @param beta - [C].
 * @param epsilon - Added to the variance, > 0. Default 1e-3, that of the Layers API.
 * @returns Shape of x. The caller disposes it.
 * @throws RangeError when the shape of gamma or beta is not [C].
 */
export function layerNorm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon = 1e-3): Tensor {
  requireVectors('layerNorm', x, { gamma, beta });
  return tidy(() => {
    const inputs = { x: asFloat(x), gamma: asFloat(gamma), beta: asFloat(beta) };
    if (x.size > 0 && isUsable('SamLayerNorm')) {
      const outs = engine().runKernel('SamLayerNorm', inputs, { epsilon });
      return (outs as unknown as Tensor[])[0]!;
    }
    const { mean, variance } = moments(inputs.x, -1, true);
    const normal = mul(sub(inputs.x, mean), rsqrt(add(variance, epsilon)));
    return add(mul(normal, inputs.gamma), inputs.beta);
  });
}

/** The gradient of the fused kernel. */
export const layerNormGradients: readonly GradConfig[] = [
  {
    kernelName: 'SamLayerNorm',
    inputsToSave: ['x', 'gamma'],
    outputsToSave: [false, true],
    gradFunc: (dys, [x, gamma, statistics]) => {
      const inputs = { x: x!, gamma: gamma!, statistics: statistics!, dy: (dys as Tensor[])[0]! };
      const outs = engine().runKernel('SamLayerNormGrad', inputs) as unknown as [Tensor, Tensor, Tensor];
      return { x: () => outs[0], gamma: () => outs[1], beta: () => outs[2] };
    },
  },
];

/** The members that are used of the Layers API's LayerNormalization. */
interface LayerNormLayer {
  /** A list once the layer is built. */
  readonly axis: number | number[];
  readonly epsilon: number;
  /** Null where the layer neither scales nor shifts. */
  readonly gamma: Weight | null;
  readonly beta: Weight | null;
}

/** True where a layer normalises like TensorFlow.js's own: it has gamma and beta, or null where it does without. */
const isUsual = (layer: LayerNormLayer): boolean =>
  (['gamma', 'beta'] as const).every((name) => layer[name] === null || hasMembers(layer, [name]));

function fusedCall(original: LayerCall<LayerNormLayer>): LayerCall<LayerNormLayer> {
  return function call(inputs, kwargs) {
    const x = onlyInput(inputs);
    const [axis, ...axes] = [this.axis].flat();
    if (!isUsual(this) || !x || axes.length > 0 || axis !== x.rank - 1 || !isAvailable('SamLayerNorm'))
      return original.call(this, inputs, kwargs);
    return tidy(() => {
      const columns = [x.shape.at(-1)!];
      const [gamma, beta] = [this.gamma?.read() ?? ones(columns), this.beta?.read() ?? zeros(columns)];
      return layerNorm(x, gamma, beta, this.epsilon);
    });
  };
}

/** LayerNormalization of the Layers API over the last axis, which uses {@link layerNorm}. */
export const layerNormLayer = layerCall('LayerNormalization', fusedCall);
