import { type ModelName, modelNames, multiplyAddsOf, roundsOf } from '../models/names.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, selected, turns } from '../settings.js';
import { scaled, show, summarise } from '../timing.js';
import type { GradientResult, TfjsSide } from './job.js';
import type { PeakResult } from './peak-job.js';
import { findTorch, type Torch, torchNote, torchTimes } from './torch.js';

/** The sides in the order of the table's rows. */
const titles = {
  torch: 'PyTorch, 1 thread',
  peak: '128-bit FMA at its peak, products alone',
  fma: 'tfjs-sam kernels, FMA',
  plain: 'tfjs-sam kernels, plain SIMD',
  composed: 'tfjs-sam kernels, composed',
  stock: 'TensorFlow.js wasm as shipped',
  jax: 'jax-js, wasm',
  cpu: 'TensorFlow.js cpu',
} as const;

type Side = keyof typeof titles;

const sides = Object.keys(titles) as Side[];

/** A side on a model: the median of each process, all times, and what it computed; or why there is nothing. */
interface Cell {
  readonly medians: (number | undefined)[];
  readonly times: number[];
  missing?: string;
  computed?: { readonly loss: number; readonly norm: number };
}

/** Slower sides get few rounds: seconds for one gradient. */
const limitOf = (side: Side) => (side === 'cpu' || side === 'jax' ? 10_000 : 60_000);

async function measure(
  side: Side,
  model: ModelName,
  settings: Settings,
  torch: Torch | undefined,
): Promise<GradientResult | PeakResult | readonly number[]> {
  const rounds = {
    rounds: scaled(roundsOf[model], settings.scale),
    warmUp: side === 'cpu' ? 1 : 3,
    settle: Math.min(2_000, 6_000 * settings.scale),
    limit: limitOf(side),
  };
  if (side === 'torch') return torch ? torchTimes(torch, model, rounds) : { missing: 'not installed' };
  if (side === 'peak') return runJob('peak', { multiplyAdds: multiplyAddsOf[model]!, ...rounds }, settings);
  if (side === 'cpu' && model === 'CNN b128' && !settings.slow)
    return { missing: 'left out: minutes (--slow)' };
  const job = side === 'jax' ? 'jax-gradient' : 'gradient';
  const asTfjs: TfjsSide = side === 'jax' ? 'stock' : side;
  return runJob(job, { side: asTfjs, model, ...rounds }, settings);
}

function note(cell: Cell, result: GradientResult | PeakResult | readonly number[], repetition: number): void {
  if ('missing' in result) {
    cell.missing = result.missing;
    return;
  }
  const times = 'times' in result ? result.times : result;
  cell.times.push(...times);
  cell.medians[repetition] = summarise(times).median;
  if ('loss' in result) cell.computed = result;
}

/** Times every side on a model; the sides take turns, each time in a fresh process. */
async function measureModel(model: ModelName, settings: Settings, torch: Torch | undefined) {
  const wanted = selected(sides, (side) => side, settings).filter(
    (side) => side !== 'peak' || multiplyAddsOf[model] !== undefined,
  );
  const cells = new Map<Side, Cell>(wanted.map((side) => [side, { medians: [], times: [] }]));
  for (const [side, repetition] of turns(wanted, settings.repetitions)) {
    const cell = cells.get(side)!;
    if (cell.missing !== undefined || (side === 'cpu' && repetition > 0)) continue;
    settings.log?.(`gradient: ${model}, ${titles[side]}, ${repetition + 1} of ${settings.repetitions}`);
    note(cell, await measure(side, model, settings, torch), repetition);
  }
  requireSame(model, cells);
  return cells;
}

/** Sides that compute different things cannot be compared. PyTorch has weights of its own and is not checked. */
function requireSame(model: ModelName, cells: ReadonlyMap<Side, Cell>): void {
  const computed = [...cells].flatMap(([side, cell]) => (cell.computed ? [{ side, ...cell.computed }] : []));
  const first = computed[0];
  for (const each of computed) {
    for (const key of ['loss', 'norm'] as const) {
      // float32 sums in another order: far below a thousandth; a missing term: far above.
      if (Math.abs(each[key] / first![key] - 1) < 1e-3) continue;
      throw new Error(
        `gradient: expected one ${key} for ${model}, got ${first![key]} from ${first!.side}, ${each[key]} from ${each.side}`,
      );
    }
  }
}

/** Process by process, so that what disturbs the machine for a while disturbs both. */
function ratioToTorch(cell: Cell, torch: Cell | undefined): string {
  const ratios = cell.medians.flatMap((middle, i) => {
    const reference = torch?.medians[i];
    return middle === undefined || reference === undefined ? [] : middle / reference;
  });
  return ratios.length === 0 ? '' : show(summarise(ratios));
}

/** The gradient of one batch on every side. */
export async function gradient(settings: Settings): Promise<Table> {
  const asked = selected(sides, (side) => side, settings).includes('torch');
  const torch = asked ? findTorch() : undefined;
  const rows: string[][] = [];
  for (const model of chosen(modelNames, settings)) {
    const cells = await measureModel(model, settings, torch);
    for (const [side, cell] of cells) {
      const time = cell.times.length > 0 ? show(summarise(cell.times)) : cell.missing!;
      const reference = torch?.referenceBlas ? undefined : cells.get('torch');
      rows.push([model, titles[side], time, ratioToTorch(cell, reference)]);
    }
  }
  return {
    name: 'gradient',
    title: 'Gradient of one batch',
    columns: ['model', 'side', 'ms', '÷ PyTorch'],
    rows,
    notes: [
      asked
        ? `${torchNote(torch)} The ratio: median and quartiles over the processes.`
        : 'PyTorch was not asked for: no ratios.',
      `${settings.repetitions} processes per side and model, one after the other in turns; cpu one, with few rounds.`,
      'The loss is the mean cross-entropy: one kernel in PyTorch and on our kernels, log-softmax times labels on the other sides.',
      'At its peak: the multiplications and additions of the model’s products and nothing else, in registers. WebAssembly has vectors of 128 bits; PyTorch uses those of 256 or 512 where the processor has them.',
      'All sides but PyTorch (same shapes, own weights) start from one set of weights; their losses and gradient norms agree to 0.1 %.',
    ],
  };
}
