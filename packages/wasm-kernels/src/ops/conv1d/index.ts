import { pad, type Tensor, tidy } from '@tensorflow/tfjs-core';
import type { Feature } from '../../feature.js';
import { hasMembers, type LayerCall, layerCall } from '../../layers.js';
import type { Patch } from '../../patches.js';

/** The members that are used of the Layers API's Conv1D. */
interface Conv1dLayer {
  readonly padding: string;
  readonly dataFormat: string;
  readonly kernelSize: readonly number[];
  readonly strides: readonly number[];
  readonly dilationRate: number | readonly number[];
}

type ShapeOf = (this: Conv1dLayer, shape: (number | null)[]) => (number | null)[];

const reachOf = ({ kernelSize, dilationRate }: Conv1dLayer): number =>
  (kernelSize[0]! - 1) * ([dilationRate].flat() as number[])[0]!;

const isCausal = (layer: Conv1dLayer): boolean => layer.padding === 'causal' && hasMembers(layer, ['kernel']);

/** A causal convolution as one without padding of what is padded at the start: no step sees a later one. */
const causalCall = (original: LayerCall<Conv1dLayer>): LayerCall<Conv1dLayer> =>
  function call(inputs, kwargs) {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    if (!isCausal(this) || x.rank !== 3) return original.call(this, inputs, kwargs);
    const margins: [number, number][] = [
      [0, 0],
      [0, 0],
      [0, 0],
    ];
    margins[this.dataFormat === 'channelsFirst' ? 2 : 1] = [reachOf(this), 0];
    const unpadded = Object.create(this, { padding: { value: 'valid' } }) as Conv1dLayer;
    return tidy(() => original.call(unpadded, pad(x, margins) as Tensor, kwargs));
  };

const causalShape = (original: ShapeOf): ShapeOf =>
  function computeOutputShape(shape) {
    if (this.padding !== 'causal') return original.call(this, shape);
    const axis = this.dataFormat === 'channelsFirst' ? 2 : 1;
    const padded = shape.map((length, i) =>
      i === axis && length !== null ? length + reachOf(this) : length,
    );
    return original.call(Object.create(this, { padding: { value: 'valid' } }) as Conv1dLayer, padded);
  };

const conv1dLayer: Patch = layerCall('Conv1D', causalCall);

/** Causal convolutions of sequences. */
export const conv1dFeature: Feature = {
  layers: [conv1dLayer, { ...conv1dLayer, method: 'computeOutputShape', wrap: causalShape }],
  gradientRepairs: [{ op: "`tf.layers.conv1d` with padding 'causal'", wrong: 'throws' }],
};
