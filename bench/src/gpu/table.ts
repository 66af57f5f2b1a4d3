import { findTorch, torchTimes } from '../gradient/torch.js';
import { type ModelName, roundsOf } from '../models/names.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, selected, turns } from '../settings.js';
import { ratio, scaled, show, summarise } from '../timing.js';
import { type GpuBackend, type GpuResult, gpuBackends } from './job.js';

const measured = ['MLP b128', 'CNN b128', 'ResNet-20-like b32'] as const;

type Side = 'torch' | GpuBackend;
type Times = Exclude<GpuResult, { missing: string }>;

/** What the processes of one side gave on one model. */
interface Cell {
  readonly results: (Partial<Times> & Pick<Times, 'gradient'>)[];
  missing?: string;
}

async function measure(
  side: Side,
  model: ModelName,
  settings: Settings,
): Promise<Cell['results'][0] | { missing: string }> {
  const rounds = { rounds: scaled(roundsOf[model], settings.scale), warmUp: 3, limit: 60_000 };
  if (side !== 'torch')
    return runJob('gpu', { backend: side, model, software: settings.slow, ...rounds }, settings);
  const torch = findTorch();
  if (!torch?.gpu) return { missing: torch ? 'finds no GPU' : 'not installed' };
  return { gradient: await torchTimes(torch, model, rounds, 'cuda'), device: torch.gpu };
}

/** Times every side on a model; the sides take turns, each time in a fresh process. */
async function measureModel(model: ModelName, settings: Settings): Promise<Map<Side, Cell>> {
  const sides = selected<Side>(['torch', ...gpuBackends], (side) => side, settings);
  const cells = new Map<Side, Cell>(sides.map((side) => [side, { results: [] }]));
  for (const [side, repetition] of turns(sides, settings.repetitions)) {
    const cell = cells.get(side)!;
    if (cell.missing !== undefined) continue;
    settings.log?.(`gpu: ${model}, ${side}, ${repetition + 1} of ${settings.repetitions}`);
    const result = await measure(side, model, settings);
    if ('missing' in result) cell.missing = result.missing;
    else cell.results.push(result);
  }
  return cells;
}

function row(model: ModelName, side: Side, { results, missing }: Cell, torch: Cell | undefined): string[] {
  const name = side === 'torch' ? 'PyTorch' : side;
  if (missing !== undefined) return [model, name, missing, '', '', '', ''];
  const all = (key: 'gradient' | 'sgd' | 'sam' | 'msam') => results.flatMap((result) => result[key] ?? []);
  const overSgd = (key: 'sam' | 'msam') => (side === 'torch' ? '' : show(ratio(all(key), all('sgd'))));
  const median = (cell: Cell, i: number) => summarise(cell.results[i]!.gradient).median;
  const both = results.map((_, i) => i).filter((i) => torch?.results[i]);
  return [
    model,
    name,
    results[0]!.device ?? '',
    show(summarise(all('gradient'))),
    overSgd('sam'),
    overSgd('msam'),
    side === 'torch' || both.length === 0
      ? ''
      : show(summarise(both.map((i) => median({ results }, i) / median(torch!, i)))),
  ];
}

/** A gradient and the steps of SAM on a GPU, beside PyTorch on the same one. */
export async function gpu(settings: Settings): Promise<Table> {
  const rows: string[][] = [];
  for (const model of chosen(measured, settings)) {
    const cells = await measureModel(model, settings);
    for (const [side, cell] of cells) rows.push(row(model, side, cell, cells.get('torch')));
  }
  return {
    name: 'gpu',
    title: 'On a GPU',
    columns: ['model', 'side', 'device', 'gradient, ms', 'SAM ÷ SGD', 'M-SAM ÷ SGD', 'gradient ÷ PyTorch'],
    rows,
    notes: [
      'Each time ends when the loss can be read on the host. PyTorch: CUDA, float32. A software driver is timed with --slow alone.',
    ],
  };
}
