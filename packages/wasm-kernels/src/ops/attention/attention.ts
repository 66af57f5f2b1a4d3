import {
  add,
  broadcastTo,
  cast,
  engine,
  type GradConfig,
  greaterEqual,
  logicalAnd,
  matMul,
  mul,
  range,
  reshape,
  softmax,
  type Tensor,
  tidy,
  transpose,
  util,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { isUsable } from '../../availability.js';
import { sizeOf } from '../../kernel.js';
import { asFloat } from '../../layer-inputs.js';

/** Options of {@link dotProductAttention}. */
export interface AttentionOptions {
  /** Heads that stand side by side in the last axis, which they divide. Default 1. */
  readonly heads?: number;
  /** Query i sees keys 0 to i alone. Default `false`. */
  readonly causal?: boolean;
  /** True where a query sees a key: boolean, [..., queries, keys] or what broadcasts to it, one for all heads. Default: everywhere. */
  readonly mask?: Tensor;
}

const gradientOf = (kernelName: string, names: readonly string[]): GradConfig => ({
  kernelName,
  inputsToSave: [...names],
  outputsToSave: [false, true],
  gradFunc: (dys, saved, attrs) => {
    const inputs = Object.fromEntries(names.map((name, i) => [name, saved[i]!]));
    const given = { ...inputs, stats: saved[names.length]!, dy: (dys as Tensor[])[0]! };
    const outs = engine().runKernel(`${kernelName}Grad`, given, attrs) as unknown as Tensor[];
    return {
      ...{ query: () => outs[0]!, key: () => outs[1]!, value: () => outs[2]! },
      mask: () => cast(zerosLike(inputs.mask!), 'float32'),
    };
  },
});

/** The gradients of the fused kernels. */
export const attentionGradients: readonly GradConfig[] = [
  gradientOf('SamAttention', ['query', 'key', 'value']),
  gradientOf('SamMaskedAttention', ['query', 'key', 'value', 'mask']),
];

/** The batch's axes, and the lengths of the last two. */
const splitShape = ({ shape }: Tensor): { outer: number[]; length: number; width: number } => ({
  outer: shape.slice(0, -2),
  length: shape.at(-2)!,
  width: shape.at(-1)!,
});

function requireShapes(query: Tensor, key: Tensor, value: Tensor, heads: number): void {
  const shapes = `query [${query.shape}], key [${key.shape}], value [${value.shape}]`;
  const ranks = [query, key, value].map(({ rank }) => rank);
  if (Math.min(...ranks) < 2 || new Set(ranks).size > 1)
    throw new RangeError(
      `dotProductAttention: expected query, key and value of one rank, at least 2, got ${shapes}`,
    );
  const [q, k, v] = [query, key, value].map(splitShape) as [
    ReturnType<typeof splitShape>,
    ReturnType<typeof splitShape>,
    ReturnType<typeof splitShape>,
  ];
  const alike = [k, v].every(({ outer }) => util.arraysEqual(outer, q.outer));
  if (!alike || q.width !== k.width || k.length !== v.length)
    throw new RangeError(
      `dotProductAttention: expected query [..., queries, width], key [..., keys, width] and value [..., keys, any], got ${shapes}`,
    );
  if (!Number.isInteger(heads) || heads < 1 || q.width % heads !== 0 || v.width % heads !== 0)
    throw new RangeError(
      `dotProductAttention: expected heads to be a whole number that divides the last axes, got ${heads} for ${shapes}`,
    );
}

/** The mask as the kernels read it: of rank 2, or with all the axes of the batch. */
function wholeMask(mask: Tensor, outer: readonly number[], queries: number, keys: number): Tensor {
  if (mask.dtype !== 'bool')
    throw new TypeError(`dotProductAttention: expected mask to be boolean, got ${mask.dtype}`);
  const one = [queries, keys];
  const target = mask.shape.slice(0, -2).every((length) => length === 1) ? one : [...outer, ...one];
  const squeezed = target === one ? reshape(mask, mask.shape.slice(-2)) : mask;
  if (util.arraysEqual(squeezed.shape, target)) return squeezed;
  try {
    // TensorFlow.js tiles numbers; not every backend tiles booleans.
    return cast(broadcastTo(cast(squeezed, 'int32'), target), 'bool');
  } catch {
    throw new RangeError(
      `dotProductAttention: expected mask to broadcast to [${[...outer, ...one]}], got [${mask.shape}]`,
    );
  }
}

/** Key j ≤ query i. */
function causalMask(queries: number, keys: number): Tensor {
  const [i, j] = [range(0, queries, 1, 'int32'), range(0, keys, 1, 'int32')];
  return greaterEqual(reshape(i, [queries, 1]), reshape(j, [1, keys]));
}

/** [items, length, heads·size] as [items, heads, length, size]. */
function byHead(x: Tensor, heads: number): Tensor {
  const { outer, length, width } = splitShape(x);
  return transpose(reshape(x, [sizeOf(outer), length, heads, width / heads]), [0, 2, 1, 3]);
}

/** Attention by TensorFlow.js's own operations. */
function composed(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  heads: number,
  mask: Tensor | undefined,
): Tensor {
  const { outer, length, width } = splitShape(query);
  const [q, k, v] = [query, key, value].map((x) => byHead(x, heads)) as [Tensor, Tensor, Tensor];
  const scores = mul(matMul(q, k, false, true), 1 / Math.sqrt(width / heads));
  const weights = mask ? maskedSoftmax(scores, mask) : softmax(scores);
  const joined = transpose(matMul(weights, v), [0, 2, 1, 3]);
  return reshape(joined, [...outer, length, value.shape.at(-1)!]);
}

/** The softmax over the keys that a query sees; 0 where it sees none. */
function maskedSoftmax(scores: Tensor, mask: Tensor): Tensor {
  const [queries, keys] = scores.shape.slice(-2) as [number, number];
  const seen = cast(reshape(mask, [-1, 1, queries, keys]), 'float32');
  const hidden = mul(add(seen, -1), 1e30);
  return mul(softmax(add(mul(scores, seen), hidden)), seen);
}

/**
 * Scaled dot-product attention of one or more heads, in one kernel with one gradient where our kernels are: the matrices of scores
 * and weights are never stored whole. Of each head
 *
 *   out = softmax(Q·Kᵀ/√size)·V
 *
 * over the keys that a query sees; a query that sees none gets zeros.
 *
 * @param query - [..., queries, heads·size], cast to float32. @param key - [..., keys, heads·size]. @param value - [..., keys,
 * heads·valueSize].
 * @param options - Heads, mask, causal: see there.
 * @returns [..., queries, heads·valueSize]. The caller disposes it.
 * @throws RangeError when the shapes do not fit together; TypeError for a mask that is not boolean.
 * @see Vaswani et al. 2017, arXiv 1706.03762
 */
export function dotProductAttention(
  query: Tensor,
  key: Tensor,
  value: Tensor,
  { heads = 1, causal = false, mask }: AttentionOptions = {},
): Tensor {
  requireShapes(query, key, value, heads);
  return tidy(() => {
    const { outer, length: queries } = splitShape(query);
    const keys = key.shape.at(-2)!;
    const given = mask && wholeMask(mask, outer, queries, keys);
    const inputs = { query: asFloat(query), key: asFloat(key), value: asFloat(value) };
    const kernelName = given ? 'SamMaskedAttention' : 'SamAttention';
    if (isUsable(kernelName) && query.size > 0 && value.size > 0) {
      const outs = engine().runKernel(kernelName, given ? { ...inputs, mask: given } : inputs, {
        heads,
        causal,
      });
      return (outs as unknown as Tensor[])[0]!;
    }
    const limited = causal ? causalMask(queries, keys) : undefined;
    const both = given && limited ? logicalAnd(given, limited) : (given ?? limited);
    return composed(inputs.query, inputs.key, inputs.value, heads, both);
  });
}
