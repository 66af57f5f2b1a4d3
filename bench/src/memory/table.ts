import { modelNames } from '../models/names.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, selected } from '../settings.js';
import { type MemoryResult, memoryOptimizers } from './job.js';

const megabytes = (bytes: number) => (bytes / 2 ** 20).toFixed(1);

/** Peak of the tensors' bytes and growth of the wasm heap over a training. */
export async function memory(settings: Settings): Promise<Table> {
  const rows: string[][] = [];
  const steps = Math.max(10, Math.round(1_000 * settings.scale));
  for (const model of chosen(modelNames, settings)) {
    let plain: MemoryResult | undefined;
    for (const optimizer of selected(memoryOptimizers, (name) => name, settings)) {
      settings.log?.(`memory: ${model}, ${optimizer}`);
      const result = await runJob('memory', { model, optimizer, steps, settled: 5 }, settings);
      plain ??= result;
      rows.push([
        model,
        optimizer,
        String(steps),
        megabytes(result.start),
        megabytes(result.peak),
        (result.peak / plain.peak).toFixed(2),
        megabytes(result.settledHeap),
        megabytes(result.finalHeap - result.settledHeap),
        String(result.tensorGrowth),
      ]);
    }
  }
  return {
    name: 'memory',
    title: 'Memory over a training, MiB',
    columns: [
      'model',
      'optimizer',
      'steps',
      'tensors at the start',
      'peak of tensors',
      'peak ÷ SGD',
      'wasm heap after 5 steps',
      'growth until the last step',
      'tensors left behind',
    ],
    rows,
    notes: [
      'Peak of tensors: tf.memory().numBytes, looked at whenever a tensor is made. The heap also holds what kernels use within a call.',
      'SGD with momentum as the base. Each training in a process of its own.',
    ],
  };
}
