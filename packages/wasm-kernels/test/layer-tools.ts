import * as tf from '@tensorflow/tfjs';

/** Puts tensors in the place of a layer's weights; a bias that is undefined is none. */
export function withWeights<T extends tf.layers.Layer>(
  layer: T,
  weights: Readonly<Record<string, tf.Tensor | undefined>>,
): T {
  const entries = Object.entries(weights).map(([name, tensor]) => [name, tensor && { read: () => tensor }]);
  return Object.assign(layer, Object.fromEntries(entries));
}

/** Sizes for recurrent cells, around the width of vectors, and how many roundings their results have. */
export const cellSizes = [1, 2, 3, 4, 5, 7, 8, 13, 64].flatMap((units) =>
  [
    [1, 1],
    [3, 2],
    [8, 5],
    [33, 17],
  ].map(([rows, depth]) => ({
    rows: rows!,
    depth: depth!,
    units,
    label: `${rows}×${depth}×${units}`,
    // Products over depth and units, a few roundings of the activations, sums over rows in the gradients.
    terms: 40 + depth! + 4 * units + rows!,
  })),
);

/** Names of the kernels that a model of one layer runs on ones: for its gradient, or for its output alone. */
export async function kernelsOfLayer(
  layer: tf.layers.Layer,
  shape: number[],
  { training }: { readonly training: boolean },
): Promise<string[]> {
  const model = tf.sequential({ layers: [layer] });
  const x = tf.ones(shape);
  const loss = () => tf.sum(model.apply(x, { training: true }) as tf.Tensor) as tf.Scalar;
  const run = () => tf.tidy(() => void (training ? tf.variableGrads(loss) : loss()));
  const { kernelNames } = await tf.profile(run as unknown as () => tf.Tensor);
  x.dispose();
  model.dispose();
  return kernelNames;
}
