import * as z from 'zod';
import type { Json } from './paths.js';

const named = z.looseObject({ name: z.string() });
const naming = z
  .string()
  .regex(/^[\w.-]+$/, { error: 'expected a name of letters, digits, ".", "_" and "-"' });
const config = z.record(z.string(), z.json() as unknown as z.ZodType<Json, Json>);

const median = z.strictObject({
  name: z.literal('median'),
  from: z.int().min(1).default(1).describe('First epoch after which points are compared'),
  every: z.int().min(1).default(1).describe('Epochs from one comparison to the next'),
});
const asha = z.strictObject({
  name: z.literal('asha'),
  from: z.int().min(1).default(1).describe('Epochs that every point is given'),
  reduction: z
    .int()
    .min(2)
    .default(3)
    .describe('Of so many points one goes on, with so many times the epochs'),
});

const choose = z.strictObject({
  metric: z
    .string()
    .optional()
    .describe("Metric of the validation split that decides. Default: the task's own"),
  at: z
    .enum(['last', 'best'])
    .default('last')
    .describe('Whether a training counts as its last epoch left it, or as its best epoch did'),
  seeds: z.int().min(1).optional().describe('Seeds that decide, the first ones. Default: all'),
  stopping: z
    .discriminatedUnion('name', [z.strictObject({ name: z.literal('none') }), median, asha])
    .prefault({ name: 'none' })
    .describe('Ends points early that do badly; the comparison itself always trains to the end'),
});

const backend = z.strictObject({
  name: z
    .string()
    .default('wasm')
    .describe(
      'TensorFlow.js backend; `auto` takes the fastest that works on the machine that begins the study',
    ),
  deterministic: z.boolean().default(true).describe('On wasm: plain SIMD, the same bits on every machine'),
});

/** The schema of a study file. */
export const studySchema = z.strictObject({
  study: naming.describe("The study's name, and that of its folder"),
  description: z.string().optional().describe('What it asks'),
  plugins: z
    .array(z.string())
    .default([])
    .describe('Packages or files with parts of your own; paths begin at the study file'),
  task: config.optional().describe('What is trained: { dataset, model, batchSize, epochs, … }'),
  tasks: z
    .record(naming, config)
    .optional()
    .describe('Several tasks by name, in place of one; what `task` says holds for all of them'),
  optimizer: config
    .prefault({})
    .describe('What all arms share: { base: { name, … }, and options of variants }'),
  arms: z
    .record(
      naming,
      config.nullable().transform((arm) => arm ?? {}),
    )
    .refine((arms) => Object.keys(arms).length > 0, { error: 'expected at least one arm' })
    .describe(
      'What is compared: options of the optimizer by path (`variant`, `rho`, `base.momentum`) and of the task (`task.epochs`)',
    ),
  seeds: z
    .union([z.int().min(1), z.array(z.int().min(0)).min(1)])
    .default(5)
    .describe('How many seeds, or which'),
  measures: z
    .array(z.union([z.string(), named]))
    .default([])
    .describe('What is measured on every trained model'),
  baseline: z.string().optional().describe('Arm that the others are compared with. Default: the first'),
  choose: choose.prefault({}).describe('How a point of each arm is chosen, on the validation split'),
  backend: z
    .union([z.string().transform((name) => backend.parse({ name, deterministic: name === 'wasm' })), backend])
    .prefault({})
    .describe('What trials run on'),
  full: config
    .optional()
    .describe(
      'What `run --full` lays over the study: the size that a claim needs, { seeds: 10, task.epochs: 200 }',
    ),
  retries: z.int().min(0).default(2).describe('How often a trial is begun again after it failed'),
  stallSeconds: z
    .number()
    .gt(0)
    .default(300)
    .describe('Silence after which a running trial counts as stuck, and is killed'),
  checkpointSeconds: z
    .number()
    .min(0)
    .default(30)
    .describe('Seconds from one checkpoint of a running trial to the next, at ends of epochs'),
});

/** A study as a file says it. */
export type StudyInput = z.input<typeof studySchema>;
/** A study with every default written out. */
export type Study = z.output<typeof studySchema>;
/** The choice of a point. */
export type ChooseOptions = Study['choose'];

/** Types a study that a module exports by default: `export default defineStudy({ … })`. */
export function defineStudy(study: StudyInput): StudyInput {
  return study;
}

/** The JSON Schema of study files, with which editors check and complete them. */
export function studyJsonSchema(): object {
  return z.toJSONSchema(studySchema, { io: 'input', unrepresentable: 'any' });
}
