import { nearestNames } from '@tfjs-sam/core/registry';
import * as z from 'zod';
import { UsageError } from './errors.js';
import { type ModelName, modelNames } from './model-names.js';

/** The options of `compare` as the command line gives them, with the value of each when it is left out. */
export const compareDefaults = {
  variants: 'sgd,sam,msam',
  models: 'cnn,mlp',
  seeds: '5',
  epochs: '30',
  batchSize: '32',
  learningRate: '0.05',
  momentum: '0.9',
  rho: '',
  groups: '',
  backend: 'auto',
  workers: '',
  out: 'runs',
  name: 'compare',
  deterministic: false,
} as const satisfies Record<keyof RawCompareOptions, string | boolean>;

/** The options of `compare` before they are checked: text, and one that is there or not. */
export type RawCompareOptions = Readonly<
  Partial<Record<Exclude<keyof CompareConfig, 'deterministic'>, string> & { deterministic: boolean }>
>;

const shown = (value: unknown): string => `got "${String(value)}"`;
const isNumber = (text: string): boolean => text.trim() !== '' && Number.isFinite(Number(text));
const split = (text: string): string[] => text.split(',').map((part) => part.trim());

function integer(option: string): z.ZodType<number, string> {
  return z
    .string()
    .refine((text) => isNumber(text) && Number.isSafeInteger(Number(text)) && Number(text) >= 1, {
      error: ({ input }) => `expected ${option} to be an integer >= 1, ${shown(input)}`,
    })
    .transform(Number);
}

function numberWhere(
  option: string,
  range: string,
  holds: (value: number) => boolean,
): z.ZodType<number, string> {
  return z
    .string()
    .refine((text) => isNumber(text) && holds(Number(text)), {
      error: ({ input }) => `expected ${option} to be a number ${range}, ${shown(input)}`,
    })
    .transform(Number);
}

/** A comma-separated choice from known names, each once. */
function names<Name extends string>(option: string, known: readonly Name[]): z.ZodType<Name[], string> {
  return z.string().transform((text, context) => {
    const chosen = [...new Set(split(text))];
    for (const name of chosen) {
      if ((known as readonly string[]).includes(name)) continue;
      const nearest = nearestNames(name, known).map((near) => `"${near}"`);
      const hint = nearest.length > 0 ? `. Did you mean ${nearest.join(' or ')}?` : '';
      const message = `expected ${option} to name some of [${known.join(', ')}], ${shown(name)}${hint}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    return chosen as Name[];
  });
}

/** `0.1` for all variants or `sam=0.05,asam=0.5`: pairs, the name being undefined where it stands for all. */
const rhoText = z.string().transform((text, context) => {
  const entries = text.trim() === '' ? [] : split(text).map((part) => part.split('='));
  const pairs = entries.map((parts) => [parts.length > 1 ? parts[0] : undefined, parts.at(-1)!] as const);
  const wellFormed =
    entries.every((parts) => parts.length <= 2) &&
    pairs.every(([, value]) => isNumber(value) && Number(value) >= 0);
  const unnamed = pairs.filter(([name]) => name === undefined).length;
  if (wellFormed && (unnamed === 0 || pairs.length === 1))
    return pairs.map(([name, value]) => [name, Number(value)] as const);
  context.addIssue({
    code: 'custom',
    message: `expected --rho to be a number >= 0 or pairs like sam=0.05,msam=0.1, ${shown(text)}`,
  });
  return z.NEVER;
});

/** `bias$:rho=0,weightDecay=0`, a group a line: a pattern of variables' names, and the options of those that match. */
const groupsText = z.string().transform((text, context) => {
  const groups = text.split('\n').filter((line) => line !== '');
  return groups.map((line): VariableGroupConfig => {
    const end = line.lastIndexOf(':');
    const pairs = split(line.slice(end + 1)).map((part) => part.split('='));
    if (
      end < 1 ||
      !pairs.every(([name, value, ...rest]) => name && isNumber(value ?? '') && rest.length === 0)
    ) {
      const message = `expected --group to be a pattern of names and options like bias$:rho=0,weightDecay=0, ${shown(line)}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    const options = Object.fromEntries(pairs.map(([name, value]) => [name!, Number(value)]));
    return { ...options, match: line.slice(0, end) };
  });
});

/** Only wasm can promise the same bits on every machine; undefined where another was asked for. */
function backendFor(options: {
  readonly backend: string;
  readonly deterministic: boolean;
}): string | undefined {
  const { backend, deterministic } = options;
  if (!deterministic || backend === 'wasm') return backend;
  return backend === 'auto' ? 'wasm' : undefined;
}

const schemaFor = (known: readonly string[]) =>
  z
    .object({
      variants: names('--variants', known),
      models: names('--models', modelNames),
      seeds: integer('--seeds'),
      epochs: integer('--epochs'),
      batchSize: integer('--batch-size'),
      learningRate: numberWhere('--learning-rate', '> 0', (value) => value > 0),
      momentum: numberWhere('--momentum', 'from 0 to below 1', (value) => value >= 0 && value < 1),
      rho: rhoText,
      groups: groupsText,
      backend: z.string(),
      workers: z.string().refine((text) => text === '' || /^\d+$/.test(text), {
        error: ({ input }) => `expected --workers to be an integer >= 0, ${shown(input)}`,
      }),
      out: z
        .string()
        .min(1, 'expected --out to be a folder, got ""')
        // No system has longer ones: told before the data are read.
        .refine((path) => path.length <= 4096, {
          error: ({ input }) => `expected --out to be a path, ${shown(input)}`,
        }),
      name: z.string().regex(/^[\w.-]+$/, {
        error: ({ input }) =>
          `expected --name to have letters, digits, ".", "_" and "-" only, ${shown(input)}`,
      }),
      deterministic: z.boolean(),
    })
    .transform((options, context) => {
      const backend = backendFor(options);
      if (backend === undefined) {
        const message = `expected --backend to be auto or wasm with --deterministic, ${shown(options.backend)}`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      const rho: Record<string, number> = {};
      for (const [name, value] of options.rho) {
        if (name !== undefined && !options.variants.includes(name)) {
          context.addIssue({
            code: 'custom',
            message: `expected --rho to name variants of this run, ${shown(name)}`,
          });
        }
        for (const variant of name === undefined ? options.variants : [name]) rho[variant] = value;
      }
      return { ...options, backend, rho };
    });

/** Options of the variables whose names match a pattern, of names that the registry checks. */
export interface VariableGroupConfig {
  readonly match: string;
  readonly [option: string]: string | number;
}

/** A comparison's options, checked. */
export interface CompareConfig {
  /** Names of the variants, each once. */
  readonly variants: readonly string[];
  /** Names of the models, each once. */
  readonly models: readonly ModelName[];
  /** Trainings of each variant and model: their seeds are 0 … seeds − 1. */
  readonly seeds: number;
  /** Epochs of each training. */
  readonly epochs: number;
  /** Examples in a batch. */
  readonly batchSize: number;
  /** Learning rate of the first step, > 0; it falls to zero along half a cosine. */
  readonly learningRate: number;
  /** Momentum of the base optimizer, 0 to below 1. */
  readonly momentum: number;
  /** Radii by name of variant; for those that are missing one is chosen on the validation split. */
  readonly rho: Readonly<Record<string, number>>;
  /** Options of some of the variables, for all variants. */
  readonly groups: readonly VariableGroupConfig[];
  /** Name of the TensorFlow.js backend, or `auto`. */
  readonly backend: string;
  /** Processes that train at a time, 0 for none but this; the cores where it is empty. */
  readonly workers: string;
  /** Folder in which the folder of results is made. */
  readonly out: string;
  /** Part of that folder's name. */
  readonly name: string;
  /** Plain SIMD on wasm: the same bits on every machine. */
  readonly deterministic: boolean;
}

/**
 * Checks the options of `compare` and fills in defaults.
 *
 * @param known - Names of the variants that there are.
 * @throws UsageError with one line about the first option that is wrong.
 */
export function parseCompareConfig(raw: RawCompareOptions, known: readonly string[]): CompareConfig {
  const result = schemaFor(known).safeParse({ ...compareDefaults, ...raw });
  if (result.success) return result.data;
  throw new UsageError(`compare: ${result.error.issues[0]!.message}`);
}

/**
 * Checks the option of `doctor`.
 *
 * @param seconds - As the command line gives it, or undefined where it does not.
 * @returns Options of `doctor` in `@tfjs-sam/backends`.
 * @throws UsageError with one line about what is wrong.
 */
export function parseDoctorOptions({ seconds }: { readonly seconds?: string }): { readonly budget?: number } {
  if (seconds === undefined) return {};
  const result = numberWhere('--seconds', '>= 0', (value) => value >= 0).safeParse(seconds);
  if (result.success) return { budget: 1_000 * result.data };
  throw new UsageError(`doctor: ${result.error.issues[0]!.message}`);
}
