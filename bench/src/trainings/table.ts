import { findTorch, type Torch, torchNote, torchTraining } from '../gradient/torch.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, selected, turns } from '../settings.js';
import { ratio, scaled, show, summarise } from '../timing.js';
import type { TrainingResult, TrainingRule, TrainingWay } from './job.js';
import { examplesOf, type TrainedModel, trainedModels } from './models.js';

const epochs = 3;

/** Who trains, and by which rule. */
interface Side {
  readonly name: string;
  readonly way: TrainingWay | 'torch';
  readonly rule: TrainingRule;
  /** The side that it is measured by: PyTorch has no M-SAM, whose gradients are as many as SAM's. */
  readonly against: string;
}

const rules = { sgd: 'SGD', sam: 'SAM', msam: 'M-SAM' } as const;
const ways = { fit: 'model.fit', loop: 'custom loop' } as const;

const sides: readonly Side[] = (['sgd', 'sam', 'msam'] as const).flatMap((rule) => {
  const against = `${rule === 'sgd' ? 'SGD' : 'SAM'}, PyTorch`;
  const torch: Side = { name: against, way: 'torch', rule, against };
  const ours = (['fit', 'loop'] as const).map((way): Side => {
    return { name: `${rules[rule]}, ${ways[way]}`, way, rule, against };
  });
  return rule === 'msam' ? ours : [torch, ...ours];
});

async function timesOf(
  { way, rule }: Side,
  model: TrainedModel,
  settings: Settings,
  torch: Torch | undefined,
): Promise<TrainingResult | undefined> {
  const examples = scaled(examplesOf[model], settings.scale);
  if (way !== 'torch') return runJob('training', { model, rule, way, examples, epochs }, settings);
  return torch && torchTraining(torch, model, rule, examples, epochs);
}

const total = (times: TrainingResult) => times.reduce((sum, time) => sum + time, 0) / 1_000;

/** Whole trainings, beside the same loop in PyTorch. */
export async function training(settings: Settings): Promise<Table> {
  const torch = findTorch();
  const all = selected(sides, ({ name }) => name, settings);
  const cells = chosen(trainedModels, settings).flatMap((model) =>
    all.map((side) => ({ model, side, runs: [] as TrainingResult[] })),
  );
  for (const [{ model, side, runs }, repetition] of turns(cells, settings.repetitions)) {
    settings.log?.(`training: ${model}, ${side.name}, ${repetition + 1} of ${settings.repetitions}`);
    const times = await timesOf(side, model, settings, torch);
    if (times) runs.push(times);
  }
  const rows = cells.map(({ model, side, runs }) => {
    const rival = cells.find((cell) => cell.model === model && cell.side.name === side.against)?.runs ?? [];
    const compared = rival.length > 0 && !torch?.referenceBlas;
    return [
      model,
      side.name,
      runs.length > 0 ? show(summarise(runs.map(total))) : 'not installed',
      compared ? show(ratio(runs.flat(), rival.flat())) : '',
    ];
  });
  return {
    name: 'training',
    title: `Training: ${epochs} epochs, one thread`,
    columns: ['model', 'side', 's', '÷ PyTorch'],
    rows,
    notes: [
      torchNote(torch),
      `${settings.repetitions} processes per side and model, in turns. Seconds: median and quartiles over the processes; the ratio: over their epochs, the first included.`,
      `Examples: ${chosen(trainedModels, settings)
        .map((model) => `${model} ${scaled(examplesOf[model], settings.scale)}`)
        .join(', ')}; Gaussian noise in the shapes of images, which takes as long.`,
      'LeNet: convolutions of 16 and 32 channels, 3×3, with ReLU and max pooling on 28×28×1, dense layers of 64 and 10.',
      '`model.fit` trains softmax and categorical cross-entropy, with accuracy; the custom loop cross-entropy of logits in one kernel; PyTorch the same, with accuracy. M-SAM stands beside PyTorch’s SAM.',
    ],
  };
}
