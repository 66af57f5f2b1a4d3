import {
  elu,
  leakyRelu,
  prelu,
  relu,
  relu6,
  sigmoid,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { attributes, type KernelCall, type KernelResult } from './kernel.js';
import { compose, owned } from './tensor-infos.js';

/** An activation that TensorFlow.js fuses. */
export type FusedActivation = 'linear' | 'relu' | 'relu6' | 'elu' | 'sigmoid' | 'leakyrelu' | 'prelu';

/** The arguments of a fused product. */
export interface FusedAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
  readonly activation?: FusedActivation;
  readonly leakyreluAlpha?: number;
}

/** The activation of z as an operation of its own. */
export function activate(z: Tensor, activation: FusedActivation, slopes?: Tensor, alpha?: number): Tensor {
  if (activation === 'linear') return z;
  if (activation === 'prelu') return prelu(z, slopes!);
  if (activation === 'leakyrelu') return leakyRelu(z, alpha);
  return { relu, relu6, elu, sigmoid }[activation](z);
}

type Composed = (call: KernelCall) => KernelResult | undefined;

/**
 * A fused kernel whose activation with bounds follows as a kernel of its own: TensorFlow.js's fused kernels turn NaN into
 * a bound. `repair` is what else is wrong with them.
 */
export function activatedAfter(repair: Composed = () => undefined): Composed {
  return (call) => {
    const { activation } = attributes<{ activation?: FusedActivation }>(call);
    if ((activation !== 'relu' && activation !== 'relu6') || !call.upstream) return repair(call);
    const linear = { ...call, attrs: { ...call.attrs, activation: 'linear' } };
    const z = (repair(linear) ?? call.upstream(linear)) as TensorInfo;
    return compose(call, [], () => activate(owned(z, call.backend), activation));
  };
}
