import type { StepListener, StepReport } from '../oracle/report.js';

/** The numbers of a report that are averaged over an epoch; of `isActive` that is the share of such steps. */
const measures = [
  'perturbedLoss',
  'surrogateGap',
  'gradientNorm',
  'perturbationNorm',
  'cosine',
  'isActive',
] as const;

/** Keeps the reports of a training, and puts their means over each epoch into `model.fit`'s History. */
export interface StepRecorder {
  /** All reports so far. */
  readonly reports: readonly StepReport[];
  /** Give this to the optimizer: `msam(base, { onStep: recorder.onStep })`. */
  readonly onStep: StepListener;
  /** Give this to `model.fit({ callbacks: recorder.callbacks })`. */
  readonly callbacks: {
    /** Adds the epoch's means to its logs, NaN where no step was reported. */
    readonly onEpochEnd: (epoch: number, logs?: Record<string, unknown>) => Promise<void>;
  };
}

/**
 * Makes a recorder.
 *
 * @example
 * const recorder = stepRecorder();
 * model.compile({ optimizer: msam(tf.train.sgd(0.1), { onStep: recorder.onStep, reportEvery: 10 }), loss });
 * const { history } = await model.fit(x, y, { callbacks: recorder.callbacks });  // history.gradientNorm, …
 */
export function stepRecorder(): StepRecorder {
  const reports: StepReport[] = [];
  let seen = 0;
  return {
    reports,
    onStep: (report) => void reports.push(report),
    callbacks: {
      onEpochEnd: async (_epoch, logs = {}) => {
        // The numbers of the last steps are on their way: let them arrive.
        await Promise.resolve();
        const epoch = reports.slice(seen);
        seen = reports.length;
        for (const measure of measures) {
          logs[measure] = epoch.reduce((sum, report) => sum + Number(report[measure]), 0) / epoch.length;
        }
      },
    },
  };
}
