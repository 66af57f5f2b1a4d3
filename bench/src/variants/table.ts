import { mean } from 'simple-statistics';
import { type ModelName, roundsOf } from '../models/names.js';
import { runJob } from '../processes.js';
import type { Table } from '../results.js';
import { chosen, type Settings, selected } from '../settings.js';
import { ratio, scaled, show } from '../timing.js';
import type { VariantsJob, VariantsResult } from './job.js';

const measured = ['CNN b128', 'MLP b128'] as const;

/** Configurations beside every variant's default one; left out where the registry lacks the variant. */
const further: readonly { readonly variant: string; readonly [option: string]: unknown }[] = [
  { variant: 'hessian-sam', kind: 'low-rank' },
  { variant: 'sparse-sam', mask: 'dynamic' },
  { variant: 'sparse-sam', mask: 'structured' },
  { variant: 'sparse-sam', mask: 'n:m' },
];

/** Options that a variant has no default of, or that keep its weights where SGD's are. */
const needed: Readonly<Record<string, object>> = {
  bsam: { numData: 10_000, learningRate: 1e-3 },
  'sam-on': { match: 'bias' },
};

type Times = Extract<VariantsResult, { step: unknown }>;

async function configsOf(settings: Settings): Promise<Exclude<VariantsJob['config'], 'list'>[]> {
  const list = await runJob('variants', { model: 'MLP b8', config: 'list', rounds: 0, warmUp: 0 }, settings);
  const names = 'names' in list ? list.names : [];
  return [
    ...names.map((variant) => ({ variant, ...needed[variant] })),
    ...further.filter(({ variant }) => names.includes(variant)),
  ].sort((a, b) => names.indexOf(a.variant) - names.indexOf(b.variant));
}

function titleOf({ variant, ...options }: { readonly variant: string }): string {
  const given = Object.entries(options).map(([key, value]) => `${key} ${value}`);
  return given.length > 0 ? `${variant}, ${given.join(', ')}` : variant;
}

function row(model: ModelName, title: string, { step, sgd, gradient, value, counts }: Times): string[] {
  // SGD's step is one gradient and the update.
  const floor = counts.map(
    ({ gradients, values }, i) => (gradients - 1) * gradient[i]! + values * value[i]! + sgd[i]!,
  );
  const meanOf = (what: keyof (typeof counts)[number]) => mean(counts.map((count) => count[what])).toFixed(2);
  return [
    model,
    title,
    meanOf('gradients'),
    meanOf('values'),
    show(ratio(step, sgd)),
    show(ratio(step, floor), 3),
  ];
}

/** What each variant's step costs against SGD's, and against the gradients that it evaluates. */
export async function variants(settings: Settings): Promise<Table> {
  const configs = selected(await configsOf(settings), ({ variant }) => variant, settings);
  const rows: string[][] = [];
  for (const model of chosen(measured, settings)) {
    for (const config of configs) {
      const title = titleOf(config);
      settings.log?.(`variants: ${model}, ${title}`);
      // Curvature is refreshed every ten steps: at full scale the rounds hold several refreshes.
      const settle = Math.min(2_000, 6_000 * settings.scale);
      const rounds = { rounds: scaled(2 * roundsOf[model], settings.scale), warmUp: 3, settle };
      const result = await runJob('variants', { model, config, ...rounds }, settings);
      if ('refused' in result) rows.push([model, title, '', '', result.refused, '']);
      else if ('step' in result) rows.push(row(model, title, result));
    }
  }
  return {
    name: 'variants',
    title: 'Variants: step time against SGD and against the evaluations made',
    columns: ['model', 'variant', 'gradients', 'values', 'step ÷ SGD', 'step ÷ (its evaluations + update)'],
    rows,
    notes: [
      'Each variant of the registry with its default options and SGD with momentum (bSAM: none), in a process of its own, beside SGD in the same rounds.',
      'Gradients and values: calls of the loss per step, with and without a gradient, counted, mean over the rounds. The last column is taken round by round with that step’s counts.',
      'Variants that look at the losses of the examples get them; SGD beside them, and the gradient that is counted, have the mean in one kernel.',
    ],
  };
}
