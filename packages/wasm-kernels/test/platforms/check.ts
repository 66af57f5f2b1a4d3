import * as tf from '@tensorflow/tfjs';
import { registerTrainingKernels } from '../../src/index.js';
import { growing } from '../growing.js';

/** What a platform answers. */
export interface Answer {
  readonly implementation: string;
  /** Names of the kernels that ran. */
  readonly kernels: string[];
  /** Largest difference of the gradients from those of the cpu backend. */
  readonly difference: number;
  /** The same gradients where the heap grew in the midst of them, and by how much. */
  readonly disturbed: { readonly grown: number; readonly sameBits: boolean }[];
}

/** Gradients of a convolution and a pooling. */
function convolutionGradients(): tf.Tensor[] {
  const x = tf.randomNormal([2, 6, 6, 2], 0, 1, 'float32', 1) as tf.Tensor4D;
  const w = tf.randomNormal([3, 3, 2, 5], 0, 1, 'float32', 2) as tf.Tensor4D;
  const loss = (x: tf.Tensor, w: tf.Tensor) => {
    const y = tf.relu(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 'same'));
    return tf.sum(tf.square(tf.maxPool(y, 2, 2, 'valid')));
  };
  return tf.grads((x, w) => loss(x!, w!))([x, w]);
}

/** An LSTM, a dense layer and a batch normalisation, with the same weights each time. */
function makeModel(): tf.Sequential {
  const draw = (seed: number) => tf.initializers.glorotUniform({ seed });
  return tf.sequential({
    layers: [
      tf.layers.lstm({
        ...{ units: 5, inputShape: [4, 3] },
        ...{ kernelInitializer: draw(3), recurrentInitializer: draw(4) },
      }),
      tf.layers.dense({ units: 7, activation: 'relu', kernelInitializer: draw(5) }),
      tf.layers.batchNormalization(),
    ],
  });
}

/** Gradients of a model with respect to its weights. */
function modelGradients(model: tf.Sequential): tf.Tensor[] {
  const x = tf.randomNormal([6, 4, 3], 0, 1, 'float32', 6);
  const loss = () => {
    const y = model.apply(x, { training: true }) as tf.Tensor;
    return tf.sum(tf.mul(y, tf.square(y))) as tf.Scalar;
  };
  return Object.values(tf.variableGrads(loss).grads);
}

const gradients = (model: tf.Sequential): tf.Tensor[] =>
  tf.tidy(() => [...convolutionGradients(), ...modelGradients(model)]);

async function read(tensors: tf.Tensor[]): Promise<number[]> {
  const data = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose(tensors);
  return data.flatMap((values) => Array.from(values));
}

/** Computes the gradients again, three times, while the heap grows inside the first, a middle and the last allocation. */
async function disturb(model: tf.Sequential, want: number[]): Promise<Answer['disturbed']> {
  const undisturbed = growing(0, () => gradients(model));
  const { allocations } = undisturbed;
  tf.dispose(undisturbed.answer);
  const results: Answer['disturbed'] = [];
  for (const index of [1, Math.ceil(allocations / 2), allocations]) {
    const { answer, grown } = growing(index, () => gradients(model));
    const got = await read(answer);
    results.push({ grown, sameBits: got.every((value, i) => Object.is(value, want[i])) });
  }
  return results;
}

/** Registers the kernels on this platform and compares gradients with cpu. */
export async function check(): Promise<Answer> {
  await tf.setBackend('cpu');
  const want = await read(gradients(makeModel()));
  await tf.setBackend('wasm');
  const { implementation } = await registerTrainingKernels();
  const model = makeModel();
  const { kernelNames, result } = await tf.profile(() => gradients(model));
  const got = await read(result as tf.Tensor[]);
  const difference = Math.max(...want.map((v, i) => Math.abs(v - got[i]!)));
  return { implementation, kernels: kernelNames, difference, disturbed: await disturb(model, got) };
}
