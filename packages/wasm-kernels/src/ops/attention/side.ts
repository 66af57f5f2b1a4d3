import type { TensorInfo } from '@tensorflow/tfjs-core';
import { attributes, input, type KernelCall, sizeOf } from '../../kernel.js';
import type { SideModule } from '../../side/side-module.js';

/** Attributes of the attention kernels and of their gradients. */
export interface AttentionAttributes {
  readonly heads: number;
  /** Query i sees keys 0 to i. */
  readonly causal: boolean;
}

/** Queries whose weights the side module holds at once: `BLOCK` of the assembly. */
const BLOCK = 120;

/** A call's lengths. */
function lengthsOf(call: KernelCall) {
  const { heads } = attributes<AttentionAttributes>(call);
  const [query, key, value] = ['query', 'key', 'value'].map((name) => input(call, name).shape.slice(-2)) as [
    number[],
    number[],
    number[],
  ];
  const [queries, keys] = [query[0]!, key[0]!];
  const [size, valueSize] = [query[1]! / heads, value[1]! / heads];
  const items = sizeOf(input(call, 'query').shape) / (queries * heads * size);
  return { items, heads, queries, keys, size, valueSize };
}

type Lengths = ReturnType<typeof lengthsOf>;

/** The arguments that both functions of the side module begin with: the heads, where the operands lie, their lengths. */
function operandsOf(call: KernelCall, side: SideModule, lengths: Lengths) {
  const { items, heads, queries, keys, size, valueSize } = lengths;
  const [q, k, v] = ['query', 'key', 'value'].map((name) => side.address(input(call, name))) as [
    number,
    number,
    number,
  ];
  const { mask } = call.inputs;
  const shared = !mask || mask.shape.length === 2;
  return [
    ...([0, items * heads, q, k, v, mask ? side.address(mask) : 0, shared ? 0 : queries * keys] as const),
    ...([heads, queries, keys, size, valueSize, 1 / Math.sqrt(size)] as const),
    // WebAssembly takes it for a number, threads are told one.
    attributes<AttentionAttributes>(call).causal,
  ] as const;
}

/** Bytes of the weights that are held at once. */
const blockBytes = ({ queries, keys }: Lengths): number => Math.min(BLOCK, queries) * keys * 4;

/** `SamAttention`, `SamMaskedAttention`: the output, and each query's shift and inverse sum [items, heads, 2, queries]. */
export function attention(call: KernelCall, side: SideModule): TensorInfo[] {
  const lengths = lengthsOf(call);
  const { items, heads, queries, valueSize } = lengths;
  const shape = [...input(call, 'query').shape.slice(0, -1), heads * valueSize];
  const [out, stats] = [side.output(shape), side.output([items, heads, 2, queries])];
  const scratch = side.scratch();
  side.withMemory(blockBytes(lengths), (tmp) =>
    side.run.attention(
      ...operandsOf(call, side, lengths),
      ...([side.address(out), side.address(stats), scratch, tmp] as const),
    ),
  );
  return [out, stats];
}

/** `SamAttentionGrad`, `SamMaskedAttentionGrad`: gradients with respect to query, key and value. */
export function attentionGradient(call: KernelCall, side: SideModule): TensorInfo[] {
  const lengths = lengthsOf(call);
  const outs = ['query', 'key', 'value'].map((name) => side.output(input(call, name).shape));
  const [dq, dk, dv] = outs.map((out) => side.address(out)) as [number, number, number];
  const [stats, dy] = [side.address(input(call, 'stats')), side.address(input(call, 'dy'))];
  const scratch = side.scratch();
  side.withMemory(2 * blockBytes(lengths), (tmp) =>
    side.run.attentionGradient(
      ...operandsOf(call, side, lengths),
      ...([stats, dy, dq, dk, dv, scratch, tmp] as const),
    ),
  );
  return outs;
}
