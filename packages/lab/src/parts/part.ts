import type { z } from 'zod';
import type { DatasetPart } from '../data/dataset.js';
import type { Exporter } from '../export/exporter.js';
import type { Measure } from '../measures/measure.js';
import type { ModelPart } from '../models/model.js';
import type { Task } from '../trial/task.js';

/** What a part of each of the lab's kinds makes. */
export interface LabTypes {
  task: Task;
  dataset: DatasetPart;
  model: ModelPart;
  measure: Measure;
  exporter: Exporter;
}
/** The kinds of parts that the lab adds to the registry's. */
export type LabKind = keyof LabTypes;

/** The lab's kinds, in the order in which they are listed. */
export const labKinds = [
  'task',
  'dataset',
  'model',
  'measure',
  'exporter',
] as const satisfies readonly LabKind[];

/** A part of the lab: plain data, one name of one kind. */
export interface LabPart<K extends LabKind = LabKind, Options extends z.ZodObject = z.ZodObject> {
  readonly kind: K;
  /** Its name in study files: lower case, words joined by "-". */
  readonly name: string;
  /** The package or file that provides it, for messages. */
  readonly package: string;
  /** What it is, in one line, with its source. */
  readonly description: string;
  /** Its options, a `z.strictObject`. */
  readonly options: Options;
  /** Makes one from checked options; those that are parts of their own have become what they name. */
  create(options: z.output<Options>): LabTypes[K];
}

/** Types a part: `create` receives what `options` lets through. Returns it as it is. */
export function definePart<K extends LabKind, Options extends z.ZodObject>(
  part: LabPart<K, Options>,
): LabPart<K, Options> {
  return part;
}
