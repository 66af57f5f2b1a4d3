import {
  boolean,
  type Checked,
  type Configured,
  type Declarations,
  definePart,
  integer,
  list,
  number,
  type OptionsOf,
  oneOf,
  type PartFunction,
  pick,
} from '@tfjs-sam/core';
import type { Data } from './data.js';

/** Options of every data set beside its own. */
export const treatmentOptions = {
  train: integer({ min: 1, optional: 'all', doc: 'Training examples, the first of a random order' }),
  test: integer({ min: 1, optional: 'all', doc: 'Test examples, likewise' }),
  testFraction: number({
    above: 0,
    below: 1,
    default: 0.2,
    doc: 'Share held out for testing, of data that come in one part',
  }),
  classes: list(integer({ min: 0, doc: 'A class' }), {
    min: 2,
    optional: 'all',
    doc: 'Classes to keep, renumbered in this order',
  }),
  labelNoise: number({
    min: 0,
    max: 1,
    default: 0,
    doc: 'Share of the training labels that become another class; other splits stay clean',
  }),
  normalise: oneOf(['none', 'channel', 'example'], {
    default: 'none',
    doc: 'Mean 0 and deviation 1 per channel of the training split, or of every example',
  }),
  flip: boolean({ default: false, doc: 'Mirrors every second training image, anew in each epoch' }),
  crop: integer({
    min: 0,
    default: 0,
    unit: 'pixels',
    doc: 'Padding from which a training image is cut anew in each epoch',
  }),
};

/** The choice of a data set's examples, and their changes. */
export type Treatment = Checked<typeof treatmentOptions>;

/** A data set and how its examples are treated. */
export interface DatasetPart {
  /** One line: `1,797 handwritten digits of 8×8 pixels`. */
  readonly summary: string;
  /** Name and options of its own: parts with equal keys load equal data. */
  readonly key: string;
  readonly treatment: Treatment;
  load(): Promise<Data>;
}

/** A data set as its author declares it. */
export interface DatasetDefinition<D extends Declarations> {
  readonly name: string;
  /** A description in one line. */
  readonly doc: string;
  /** Where it was published. */
  readonly source?: string;
  /** Options of its own. */
  readonly options: D;
  load(options: Checked<D>): Data | Promise<Data>;
}

/** Data sets so far: two modules may declare one name. */
let declared = 0;

/**
 * Declares a data set: what is said here is how it is loaded; splits, subsets, noise, augmentation and normalisation
 * are every data set's.
 */
export function defineDataset<const D extends Declarations>(
  definition: DatasetDefinition<D>,
): PartFunction<OptionsOf<D & typeof treatmentOptions>, DatasetPart & Configured, 'dataset'> {
  const { options, load, ...about } = definition;
  const number = declared++;
  return definePart({
    ...about,
    kind: 'dataset',
    options: { ...options, ...treatmentOptions },
    create(given: object): DatasetPart {
      const own = pick(given, options) as Checked<D>;
      return {
        summary: about.doc,
        key: JSON.stringify([number, about.name, own]),
        treatment: pick(given, treatmentOptions) as Treatment,
        load: async () => load(own),
      };
    },
  }) as unknown as PartFunction<OptionsOf<D & typeof treatmentOptions>, DatasetPart & Configured, 'dataset'>;
}
