import { z } from 'zod';
import { definePart, type LabPart } from '../parts/part.js';
import type { Data } from './data.js';

/** What every data set's configuration may say beside its own options. */
export const treatmentOptions = {
  train: z.int().min(1).optional().describe('Training examples, the first of a random order. Default: all'),
  test: z.int().min(1).optional().describe('Test examples, likewise. Default: all'),
  testFraction: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.2)
    .describe('Share held out for testing, of data that come in one part'),
  classes: z
    .array(z.int().min(0))
    .min(2)
    .optional()
    .describe('Classes to keep, renumbered in this order. Default: all'),
  labelNoise: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe('Share of the training labels that become another class; other splits stay clean'),
  normalise: z
    .enum(['none', 'channel', 'example'])
    .default('none')
    .describe('Mean 0 and deviation 1 per channel of the training split, or of every example'),
  flip: z.boolean().default(false).describe('Mirrors every second training image, anew in each epoch'),
  crop: z
    .int()
    .min(0)
    .default(0)
    .describe('Pixels of padding from which a training image is cut anew in each epoch'),
};

const treatment = z.object(treatmentOptions);
/** How the examples of a data set are chosen and changed. */
export type Treatment = z.output<typeof treatment>;

/** A data set and how its examples are treated. */
export interface DatasetPart {
  /** One line: `1,797 handwritten digits of 8×8 pixels`. */
  readonly summary: string;
  /** Name and options of its own: parts with equal keys load equal data. */
  readonly key: string;
  readonly treatment: Treatment;
  load(): Promise<Data>;
}

/** What the author of a data set says. */
export interface DatasetDefinition<Shape extends z.ZodRawShape> {
  readonly name: string;
  /** The package or file that provides it. */
  readonly package: string;
  readonly description: string;
  /** Options of its own, fields of a `z.strictObject`. */
  readonly options: Shape;
  load(options: z.output<z.ZodObject<Shape>>): Data | Promise<Data>;
}

/**
 * Declares a data set: what is said here is how it is loaded; splits, subsets, noise, augmentation and normalisation
 * are every data set's.
 */
export function defineDataset<Shape extends z.ZodRawShape>(
  definition: DatasetDefinition<Shape>,
): LabPart<'dataset'> {
  const { name, package: from, description, options } = definition;
  return definePart({
    kind: 'dataset',
    name,
    package: from,
    description,
    options: z.strictObject({ ...options, ...treatmentOptions }),
    create(given) {
      return {
        summary: description,
        key: JSON.stringify([
          from,
          name,
          Object.keys(options).map((option) => [option, Object(given)[option]]),
        ]),
        treatment: treatment.parse(given),
        load: async () => definition.load(given as unknown as z.output<z.ZodObject<Shape>>),
      };
    },
  }) as unknown as LabPart<'dataset'>;
}
