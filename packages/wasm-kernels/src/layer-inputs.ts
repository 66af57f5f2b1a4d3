import { cast, type Tensor } from '@tensorflow/tfjs-core';

/** A tensor in float32. The wasm backend would copy one that is. */
export const asFloat = (x: Tensor): Tensor => (x.dtype === 'float32' ? x : cast(x, 'float32'));

/** Refuses scales and shifts that do not have one element for each column of x: a kernel would read beyond them. */
export function requireVectors(owner: string, x: Tensor, vectors: Record<string, Tensor>): void {
  const columns = x.shape.at(-1) ?? 0;
  for (const [name, { shape }] of Object.entries(vectors))
    if (shape.length !== 1 || shape[0] !== columns)
      throw new RangeError(
        `${owner}: expected ${name} of shape [${columns}] for x of shape [${x.shape}], got [${shape}]`,
      );
}
