import * as tf from '@tensorflow/tfjs';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registerTrainingKernels } from '../src/index.js';
import type { Computation, Values } from './compare.js';
import { computations } from './computations.js';
import { growing, heapSize } from './growing.js';
import { onEveryImplementation } from './implementations.js';
import { sideOnly } from './side-computations.js';

/** Makes the backend anew before its heap, which never shrinks, is too large to double five times. */
async function renewLargeBackend(): Promise<void> {
  if (heapSize() < 2 ** 26) return;
  const factory = tf.findBackendFactory('wasm');
  tf.removeBackend('wasm');
  tf.registerBackend('wasm', factory, 2);
  await tf.setBackend('wasm');
}

/** Tensors that lie on the heap: reading puts them there. */
function uploaded(inputs: Values[]): tf.Tensor[] {
  return inputs.map(({ data, shape }) => {
    const tensor = tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32');
    tensor.dataSync();
    return tensor;
  });
}

const same = (a: readonly Buffer[], b: readonly Buffer[]): boolean =>
  a.length === b.length && a.every((bits, i) => bits.equals(b[i]!));

/** Expects the same bits wherever the heap grows inside of f: at up to `most` of its allocations, the last included. */
function expectSameBits(inputs: Values[], f: Computation, most: number): void {
  const tensors = uploaded(inputs);
  const read = () => {
    const outs = tf.tidy(() => f(...tensors));
    // Buffers of bytes compare at once, element by element takes longer than all that is compared.
    const bits = outs.map((t) => {
      const data = t.dataSync();
      return Buffer.from(data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength));
    });
    tf.dispose(outs);
    return bits;
  };
  // The first run allocates scratch memory for good.
  read();
  const { answer: want, allocations, grown } = growing(0, read);
  expect(grown).toBe(0);
  expect(allocations).toBeGreaterThan(0);
  const every = Math.ceil(allocations / most);
  for (let index = allocations; index >= 1; index -= every) {
    const disturbed = growing(index, read);
    expect(disturbed.grown, `allocation ${index}`).toBeGreaterThan(0);
    expect(same(disturbed.answer, want), `allocation ${index}`).toBe(true);
  }
  expect(same(read(), want)).toBe(true);
  tf.dispose(tensors);
}

/** Names of the kernels that a computation runs. */
async function kernelsOf([, inputs, f]: (typeof computations)[number]): Promise<string[]> {
  const tensors = uploaded(inputs);
  const { kernelNames, result } = await tf.profile(() => tf.tidy(() => f(...tensors)));
  tf.dispose([tensors, result]);
  return kernelNames;
}

onEveryImplementation('a heap that grows inside of an allocation', () => {
  beforeEach(renewLargeBackend);

  it.each(computations)('leaves %s as it is', (_name, inputs, f) => {
    expectSameBits(inputs, f, 5);
  });
});

/** Kernels of strings and ragged tensors: they run on cpu, away from the heap. */
const onCpu = ['StaticRegexReplace', 'RaggedGather', 'RaggedRange', 'RaggedTensorToTensor'];

describe.each(['fma', 'plain'] as const)('a heap that grows inside of an allocation, %s kernels', (build) => {
  beforeAll(async () => {
    await tf.setBackend('wasm');
    await registerTrainingKernels({ implementation: build });
  });
  beforeEach(renewLargeBackend);

  it.each(sideOnly)('leaves %s as it is', (_name, inputs, f) => {
    expectSameBits(inputs, f, 5);
  });

  it('is tried on every kernel', async () => {
    const { kernels } = await registerTrainingKernels({ implementation: build });
    const tried = [...onCpu];
    for (const computation of [...computations, ...sideOnly]) tried.push(...(await kernelsOf(computation)));
    expect(kernels.map(({ name }) => name).filter((name) => !tried.includes(name))).toEqual([]);
  });
});
