import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { type Settings, selected } from '../settings.js';
import { ratio, scaled, show, summarise } from '../timing.js';
import type { Axis } from './job.js';

const axes: readonly (readonly [Axis, string, readonly number[]])[] = [
  ['variables', 'variables at 262,144 weights', [2, 8, 32, 128, 512]],
  ['width', 'width of an MLP, batch 32', [32, 128, 512, 1024]],
  ['batch', 'batch of the MLP', [1, 8, 32, 128, 512]],
];

const points = axes.flatMap(([axis, title, values]) => values.map((value) => ({ axis, title, value })));

/** How the cost of a SAM step grows. */
export async function scaling(settings: Settings): Promise<Table> {
  const rows: string[][] = [];
  for (const { axis, title, value } of selected(points, (each) => `${each.axis} ${each.value}`, settings)) {
    settings.log?.(`scaling: ${title}, ${value}`);
    // V8 compiles in stages; a step of the small ones is over in less than a millisecond.
    const settle = Math.min(3_000, 6_000 * settings.scale);
    const rounds = { rounds: scaled(150, settings.scale), warmUp: 5, settle, limit: 30_000 };
    const result = await runJob('scaling', { axis, value, ...rounds }, settings);
    const own = result.sam.map((time, i) => time - result.floor[i]!);
    rows.push([
      title,
      String(value),
      String(result.variables),
      String(result.parameters),
      show(summarise(result.floor)),
      show(summarise(own), 3),
      show(ratio(result.sam, result.floor), 3),
    ]);
  }
  return {
    name: 'scaling',
    title: 'Scaling: what SAM costs beside its gradients',
    columns: [
      'what grows',
      'value',
      'variables',
      'parameters',
      'floor, ms',
      'step − floor, ms',
      'step ÷ floor',
    ],
    rows,
    notes: [
      'Floor: 2 gradients and the update of SGD with momentum, in the same rounds; each point in a process of its own.',
    ],
  };
}
