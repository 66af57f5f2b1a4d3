import { engine, matMul, registerGradient, reshape, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { isUsable } from './gradients.js';
import { replaceLayerCall } from './layers.js';

/** x [..., n] as the matrix of its rows. */
const asMatrix = (x: Tensor): Tensor => (x.rank === 2 ? x : reshape(x, [-1, x.shape.at(-1)!]));

/** Registers the gradients of the fused layer. That of its ReLU is taken from the output: y > 0 where x·kernel + bias is. */
export function registerDenseGradient(): void {
  registerGradient({
    kernelName: 'SamDense',
    inputsToSave: ['x', 'kernel'],
    outputsToSave: [true],
    gradFunc: (dy, [x, kernel, y], { relu }) => {
      const inputs = { x: y!, dy: dy as Tensor };
      const dz = asMatrix(relu ? engine().runKernel('SamReluGrad', inputs) : inputs.dy);
      return {
        x: () => reshape(matMul(dz, kernel!, false, true), x!.shape),
        kernel: () => matMul(asMatrix(x!), dz, true, false),
        bias: () => sum(dz, 0),
      };
    },
  });
}

/** What is used of a layer's weight. */
interface Weight {
  read(): Tensor;
}

/** What is used of the Layers API's Dense. */
interface DenseLayer {
  readonly kernel: Weight;
  readonly bias: Weight | null | undefined;
  readonly activation: { getClassName(): string; apply(x: Tensor): Tensor };
  invokeCallHook(inputs: Tensor | Tensor[], kwargs: object): void;
}
type Call = (this: DenseLayer, inputs: Tensor | Tensor[], kwargs: object) => Tensor;

/** The layer's input where the fused kernel computes what the layer does: while a gradient is recorded. */
function fittingInput(inputs: Tensor | Tensor[], kernel: Tensor): Tensor | undefined {
  const [x, ...others] = Array.isArray(inputs) ? inputs : [inputs];
  const isFloat = x?.dtype === 'float32' && kernel.dtype === 'float32' && others.length === 0;
  const fits = isFloat && x.rank > 1 && x.size * kernel.size > 0 && x.shape.at(-1) === kernel.shape[0];
  return fits && engine().state.gradientDepth > 0 && isUsable('SamDense') ? x : undefined;
}

function fusedCall(original: Call): Call {
  return function call(inputs, kwargs) {
    const kernel = this.kernel.read();
    const x = fittingInput(inputs, kernel);
    if (!x || !this.bias) return original.call(this, inputs, kwargs);
    const bias = this.bias.read();
    return tidy(() => {
      this.invokeCallHook(inputs, kwargs);
      const activation = this.activation.getClassName();
      const relu = activation === 'relu';
      const y = engine().runKernel('SamDense', { x, kernel, bias }, { relu }) as Tensor;
      return relu || activation === 'linear' ? y : this.activation.apply(y);
    });
  };
}

/** Makes the Layers API's Dense use the fused kernel in training, on backends that have it. */
export function fuseDenseLayers(): void {
  replaceLayerCall('Dense', fusedCall);
}
