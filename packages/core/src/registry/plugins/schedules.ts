import { z } from 'zod';
import '../../declare/schedules.js';
import { fromCatalog } from './catalog.js';

const from = z.number().describe('Value at step 0');
const to = z.number().describe('Value at step `steps` and ever after');
const steps = z.int().min(1).describe('Steps from one to the other');
const always = z.strictObject({ value: z.number().describe('The value at every step') });
const decay = z.strictObject({ from, to, steps });
const stairs = z.strictObject({
  from,
  factor: z.number().gt(0).max(1).describe('What the value is multiplied by'),
  every: z.int().min(1).describe('Steps between two multiplications'),
});
const warmupCosine = z.strictObject({
  peak: z.number().describe('The largest value, reached after the warm-up'),
  warmupSteps: z.int().min(0).describe('Steps of the warm-up'),
  steps: z.int().min(1).describe('Steps altogether, more than those of the warm-up'),
  from: z.number().default(0).describe('Value at step 0'),
  to: z.number().default(0).describe('Value at step `steps` and ever after'),
});
const oneCycle = z.strictObject({
  peak: z.number().describe('The largest value'),
  steps: z.int().min(2).describe('Steps of the cycle'),
  rise: z.number().gt(0).lt(1).default(0.3).describe('Share of the steps that rise'),
  startFactor: z.number().gt(0).default(25).describe('The first value is the peak divided by this'),
  endFactor: z.number().gt(0).default(1e4).describe('The last value is the first divided by this'),
});

/** What a configuration may say of core's schedules. */
export interface CoreScheduleConfigs {
  constant: z.input<typeof always>;
  linear: z.input<typeof decay>;
  cosine: z.input<typeof decay>;
  step: z.input<typeof stairs>;
  'warmup-cosine': z.input<typeof warmupCosine>;
  'one-cycle': z.input<typeof oneCycle>;
}

/** Core's schedules as plugins. */
export const schedules = [
  fromCatalog('schedule', 'constant', 'Always one value', always),
  fromCatalog('schedule', 'linear', 'A straight line from one value to another', decay),
  fromCatalog(
    'schedule',
    'cosine',
    'Half a cosine from one value to another (Loshchilov and Hutter 2017, arXiv 1608.03983)',
    decay,
  ),
  fromCatalog('schedule', 'step', 'A value that is multiplied by a factor again and again', stairs),
  fromCatalog(
    'schedule',
    'warmup-cosine',
    'A straight line up, then half a cosine down (Goyal et al. 2017, arXiv 1706.02677)',
    warmupCosine,
  ),
  fromCatalog(
    'schedule',
    'one-cycle',
    'Half a cosine up, half a cosine down (Smith and Topin 2019, arXiv 1708.07120)',
    oneCycle,
  ),
];
