import {
  add,
  cumprod,
  cumsum,
  type GradConfig,
  mul,
  onesLike,
  stack,
  type Tensor,
  unstack,
} from '@tensorflow/tfjs-core';
import type { Feature } from '../../feature.js';

interface ScanAttributes {
  readonly axis: number;
  readonly exclusive: boolean;
  readonly reverse: boolean;
}

/** The upstream formula also transposes the result, which leaves only sums along the last axis right. */
const cumsumGradient: GradConfig = {
  kernelName: 'Cumsum',
  gradFunc: (dy, _saved, attrs) => {
    const { axis, exclusive, reverse } = attrs as unknown as ScanAttributes;
    return { x: () => cumsum(dy as Tensor, axis, exclusive, !reverse) };
  },
};

/**
 * dxᵢ = Pᵢ·Sᵢ for products of x₀ … xᵢ: what stands before xᵢ, times Sᵢ = dyᵢ + xᵢ₊₁·Sᵢ₊₁, what follows. Without a
 * division, so that an x of 0 has its gradient, too.
 */
function productGradient(dy: Tensor, x: Tensor, { axis, exclusive, reverse }: ScanAttributes): Tensor {
  if (x.size === 0) return onesLike(x);
  const before = cumprod(x, axis, true, reverse);
  const [values, dys] = [unstack(x, axis), unstack(dy, axis)];
  const n = values.length;
  // The element that comes k-th in the order of the products.
  const at = (k: number): number => (reverse ? n - 1 - k : k);
  const sums: Tensor[] = new Array(n);
  let sum: Tensor | undefined;
  for (let k = n - 1; k >= 0; k--) {
    const later = k + 1 < n ? values[at(k + 1)]! : undefined;
    // An exclusive product of place k + 1 is the inclusive one of place k.
    const own = exclusive ? (k + 1 < n ? dys[at(k + 1)]! : undefined) : dys[at(k)]!;
    const carried: Tensor | undefined = sum && later && mul(later, sum);
    sum = own && carried ? add(own, carried) : (own ?? carried);
    sums[at(k)] = sum ?? mul(dys[at(k)]!, 0);
  }
  return mul(before, stack(sums, axis));
}

const cumprodGradient: GradConfig = {
  kernelName: 'Cumprod',
  inputsToSave: ['x'],
  gradFunc: (dy, [x], attrs) => ({
    x: () => productGradient(dy as Tensor, x!, attrs as unknown as ScanAttributes),
  }),
};

/** Running sums and products. */
export const scansFeature: Feature = {
  gradients: [cumsumGradient, cumprodGradient],
  gradientRepairs: [
    { op: '`cumsum` along another axis than the last', wrong: 'is transposed' },
    { op: '`cumprod`', wrong: 'has no gradient' },
  ],
};
