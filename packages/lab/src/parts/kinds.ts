import type { DatasetPart } from '../data/dataset.js';
import type { Exporter } from '../export/exporter.js';
import type { Measure } from '../measures/measure.js';
import type { ModelPart } from '../models/model.js';
import type { JsonObject } from '../study/paths.js';
import type { Task } from '../trial/task.js';

/** A part of the lab as a study names it: its bare name, or the name with options. */
export type PartConfig = string | JsonObject;

declare module '@tfjs-sam/core' {
  interface Kinds {
    /** A training's data and model, or what stands in their place. */
    task: { part: Task; config: PartConfig };
    /** Examples to learn from. */
    dataset: { part: DatasetPart; config: PartConfig };
    /** A network to train. */
    model: { part: ModelPart; config: PartConfig };
    /** Numbers of a trained model. */
    measure: { part: Measure; config: PartConfig };
    /** A way to hand results on. */
    exporter: { part: Exporter; config: PartConfig };
  }
}

/** The kinds of parts that the lab adds to the registry's, in the order in which they are listed. */
export const labKinds = ['task', 'dataset', 'model', 'measure', 'exporter'] as const;
