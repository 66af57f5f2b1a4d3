import { engine, matMul, registerGradient, reshape, sum, type Tensor, tidy } from '@tensorflow/tfjs-core';
import { isUsable, reluGradient } from './gradients.js';
import { inRecordedGradient, type LayerCall, onlyInput, replaceLayerCall, type Weight } from './layers.js';

/** x [..., n] as the matrix of its rows. */
const asMatrix = (x: Tensor): Tensor => (x.rank === 2 ? x : reshape(x, [-1, x.shape.at(-1)!]));

/** Registers the gradients of the fused layer. That of its ReLU is taken from the output. */
export function registerDenseGradient(): void {
  registerGradient({
    kernelName: 'SamDense',
    inputsToSave: ['x', 'kernel'],
    outputsToSave: [true],
    gradFunc: (dy, [x, kernel, y], { relu }) => {
      const dz = asMatrix(relu ? reluGradient(dy as Tensor, y!) : (dy as Tensor));
      return {
        x: () => reshape(matMul(dz, kernel!, false, true), x!.shape),
        kernel: () => matMul(asMatrix(x!), dz, true, false),
        bias: () => sum(dz, 0),
      };
    },
  });
}

/** What is used of the Layers API's Dense. */
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

/** Makes the Layers API's Dense with a bias use the fused kernel in training, on backends that have it. */
export function fuseDenseLayers(): void {
  replaceLayerCall('Dense', fusedCall);
}
