/** Rounds of a model's gradient that give a steady median, at scale 1: seconds. */
export const roundsOf = {
  'MLP b128': 200,
  'MLP b8': 600,
  'CNN b128': 15,
  'ResNet-20-like b32': 40,
  'LSTM b32': 40,
  'ViT b32': 40,
} as const;

/** The name of a model that tables share. */
export type ModelName = keyof typeof roundsOf;

/** All of them. */
export const modelNames = Object.keys(roundsOf) as ModelName[];

/** The name of any model, those of a single table among them. */
export type AnyModelName = ModelName | 'LeNet b64';

/** All of those. */
export const anyModelNames: readonly AnyModelName[] = [...modelNames, 'LeNet b64'];

/** Multiplications (each with an addition) in the gradient of dense layers: output and weight gradient of each, input gradient of all but the first. */
function denseMultiplyAdds(batch: number, widths: readonly number[]): number {
  const products = widths.slice(1).map((width, i) => (i === 0 ? 2 : 3) * widths[i]! * width);
  return batch * products.reduce((sum, count) => sum + count);
}

/** The arithmetic that a model's gradient takes at least, where it is nearly all products. */
export const multiplyAddsOf: Readonly<Partial<Record<ModelName, number>>> = {
  'MLP b128': denseMultiplyAdds(128, [784, 256, 128, 10]),
  'MLP b8': denseMultiplyAdds(8, [784, 256, 128, 10]),
};
