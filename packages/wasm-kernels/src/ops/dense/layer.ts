import { engine, type GradConfig, reshape, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { isUsable } from '../../availability.js';
import {
  hasMembers,
  inRecordedGradient,
  type LayerCall,
  layerCall,
  onlyInput,
  splitsActivations,
  type Weight,
} from '../../layers.js';
import { reluGradient } from '../elementwise/relu-gradient.js';

/** x [..., n] as the matrix of its rows. */
const asMatrix = (x: Tensor): Tensor => (x.rank === 2 ? x : reshape(x, [-1, x.shape.at(-1)!]));

/** The same in the shape of x. */
const asRank = (y: Tensor, shape: number[]): Tensor => (shape.length === 2 ? y : reshape(y, shape));

/** The kernel of `matMul`. What the operation does around it is 1 or 2 % of an MLP's gradient. */
const multiply = (a: Tensor, b: Tensor, transposeA: boolean, transposeB: boolean): Tensor =>
  engine().runKernel('BatchMatMul', { a, b }, { transposeA, transposeB }) as Tensor;

/** The gradients of the fused layer. That of its ReLU is taken from the output. */
export const denseGradients: readonly GradConfig[] = [
  {
    kernelName: 'SamDense',
    inputsToSave: ['x', 'kernel'],
    outputsToSave: [true],
    gradFunc: (dy, [x, kernel, y], { relu }) => {
      const dz = asMatrix(relu ? reluGradient(dy as Tensor, y!) : (dy as Tensor));
      return {
        x: () => asRank(multiply(dz, kernel!, false, true), x!.shape),
        kernel: () => multiply(asMatrix(x!), dz, true, false),
        bias: () => engine().runKernel('Sum', { x: dz }, { axis: [0], keepDims: false }) as Tensor,
      };
    },
  },
];

/** The members that are used of the Layers API's Dense. */
interface DenseLayer {
  readonly kernel: Weight;
  readonly bias: Weight | null | undefined;
  readonly activation: { getClassName(): string; apply(x: Tensor): Tensor };
  invokeCallHook(inputs: Tensor | Tensor[], kwargs: object): void;
}

/** The layer's input where the fused kernel computes what the layer does: while a gradient is recorded. */
function fittingInput(inputs: Tensor | Tensor[], kernel: Tensor): Tensor | undefined {
  const x = onlyInput(inputs);
  const fits = x && x.rank > 1 && x.size > 0 && x.shape.at(-1) === kernel.shape[0];
  return fits && inRecordedGradient() && isUsable('SamDense') ? x : undefined;
}

function fusedCall(original: LayerCall<DenseLayer>): LayerCall<DenseLayer> {
  return function call(inputs, kwargs) {
    if (!hasMembers(this, ['kernel', 'bias'], ['activation'])) return original.call(this, inputs, kwargs);
    const kernel = this.kernel.read();
    const x = fittingInput(inputs, kernel);
    if (!x) return original.call(this, inputs, kwargs);
    const bias = this.bias!.read();
    this.invokeCallHook(inputs, kwargs);
    const activation = this.activation.getClassName();
    const relu = activation === 'relu' && !splitsActivations();
    const fused = () => engine().runKernel('SamDense', { x, kernel, bias }, { relu }) as Tensor;
    return relu || activation === 'linear' ? fused() : tidy(() => this.activation.apply(fused()));
  };
}

/** Dense of the Layers API, which uses the fused kernel in training where it has a bias. */
export const denseLayer = layerCall('Dense', fusedCall);
