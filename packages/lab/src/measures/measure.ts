import type { Measured } from '../results.js';
import type { LoadedTask, Problem, Split } from '../trial/task.js';

/** The things that a measure may look at: a trained model with its data. */
export interface MeasureContext {
  readonly problem: Problem;
  /** Names the draws of estimates. */
  readonly seed: number;
  /** Lets timers run; long measures call it between pieces of work. */
  pause(): Promise<void>;
}

/** The product of a measure's part: numbers of a trained model. */
export interface Measure {
  /** Heads of the columns, by the name of each number that `measure` returns. */
  readonly columns: readonly {
    readonly name: string;
    readonly title: string;
    readonly better?: 'higher' | 'lower' | undefined;
  }[];
  /** Why it cannot be taken on a task, after `expected`; undefined where it can. Asked before anything trains. */
  contradiction?(task: Pick<LoadedTask, 'classes' | 'validation'>): string | undefined;
  /** Leaves the weights as they were, bit for bit, and no tensors behind. */
  measure(context: MeasureContext): Promise<Readonly<Record<string, Measured>>>;
}

/** The contradiction of a measure of classifiers on some split. */
export const ofClassifiers =
  (split: Split): NonNullable<Measure['contradiction']> =>
  ({ classes, validation }) => {
    if (classes === undefined) return 'a task with classes, got one without';
    return ofSplit(split)({ validation, classes });
  };

/** The contradiction of a measure on some split. */
export const ofSplit =
  (split: Split): NonNullable<Measure['contradiction']> =>
  ({ validation }) =>
    split === 'validation' && !validation ? 'a task with a validation split, got one without' : undefined;
