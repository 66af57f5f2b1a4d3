import type { Measured } from '../results.js';
import type { Problem } from '../trial/task.js';

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
  /** Leaves the weights as they were, bit for bit, and no tensors behind. */
  measure(context: MeasureContext): Promise<Readonly<Record<string, Measured>>>;
}
