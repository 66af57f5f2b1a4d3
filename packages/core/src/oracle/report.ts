import * as tf from '@tensorflow/tfjs-core';
import { materialise, type Perturbation } from '../algebra/perturbation.js';
import { dot, norm } from '../algebra/vector.js';
import type { Evaluation } from './oracle.js';

/** The figures of a step. A number that the step did not compute is NaN. */
export interface StepReport {
  /** The step number, from 0. */
  readonly step: number;
  /** L(θ), the descent objective's; NaN where the first pass evaluated another. */
  readonly loss: number;
  /** L(θ + δ). */
  readonly perturbedLoss: number;
  /** L(θ + δ) − L(θ), the surrogate gap (Zhuang et al. 2022). */
  readonly surrogateGap: number;
  /** ‖g‖ of the first pass. */
  readonly gradientNorm: number;
  /** ‖δ‖, Euclidean whatever the metric. */
  readonly perturbationNorm: number;
  /** Cosine of the angle between the gradients at θ and at θ + δ. */
  readonly cosine: number;
  /** True of a sharpness-aware step; false where a rule left it to the base optimizer. */
  readonly isActive: boolean;
}

/** Hears of steps, some time after they happened. */
export type StepListener = (report: StepReport) => void;

/** An oracle's memory of a step, for its report. */
export interface StepRecord {
  /** The first evaluation. */
  first?: Evaluation & { readonly descent: boolean };
  /** The first evaluation away from θ after that, and where it was. */
  perturbed?: Evaluation & { readonly perturbation: Perturbation };
}

/** Reports whose numbers are on their way. */
const inFlight = new Set<Promise<void>>();

/** Resolves when the reports of all steps so far have reached their listeners: what a writer waits for before it closes. */
export async function reportsArrived(): Promise<void> {
  while (inFlight.size > 0) await Promise.all(inFlight);
}

/** Listeners that have failed, whose first error was told. */
const failed = new WeakSet<StepListener>();

/**
 * Computes the report on the device and hands it to the listeners when its numbers have arrived: the step does
 * not wait for them, and fails by none of them.
 */
export function reportStep(
  step: number,
  record: StepRecord,
  listeners: readonly StepListener[],
  active: boolean | tf.Tensor = true,
): void {
  const numbers = numbersOf(record, active);
  const arrived = numbers
    .data()
    .then(([loss, perturbedLoss, gradientNorm, perturbationNorm, cosine, isActive]) => {
      const report: StepReport = {
        step,
        loss: loss!,
        perturbedLoss: perturbedLoss!,
        surrogateGap: perturbedLoss! - loss!,
        gradientNorm: gradientNorm!,
        perturbationNorm: perturbationNorm!,
        cosine: cosine!,
        isActive: isActive! > 0,
      };
      for (const listener of listeners) tell(listener, report);
    })
    // A device that was lost meanwhile: the step itself will say so.
    .catch(() => {})
    .finally(() => {
      numbers.dispose();
      inFlight.delete(arrived);
    });
  inFlight.add(arrived);
}

/** Hands a report to a listener. What fails in there neither ends the process nor keeps others from hearing. */
function tell(listener: StepListener, report: StepReport): void {
  const fail = (error: unknown) => {
    if (failed.has(listener)) return;
    failed.add(listener);
    console.warn(`onStep: a listener failed at step ${report.step}; its further errors are not told.`, error);
  };
  try {
    const result: unknown = listener(report);
    if (result instanceof Promise) result.catch(fail);
  } catch (error) {
    fail(error);
  }
}

function numbersOf({ first, perturbed }: StepRecord, active: boolean | tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const missing = tf.scalar(Number.NaN);
    const loss = first?.descent ? first.loss : missing;
    const perturbedLoss = perturbed?.loss ?? missing;
    const gradientNorm = first ? norm(first.gradient) : missing;
    const cosine =
      first && perturbed
        ? tf.divNoNan(dot(first.gradient, perturbed.gradient), tf.mul(gradientNorm, norm(perturbed.gradient)))
        : missing;
    const perturbationNorm = perturbed ? norm(materialise(perturbed.perturbation)) : missing;
    const numbers = tf.stack([
      ...[loss, perturbedLoss, gradientNorm, perturbationNorm, cosine],
      typeof active === 'boolean' ? tf.scalar(Number(active)) : tf.cast(active, 'float32'),
    ]);
    // As tf.keep, which a loss around this step would take for its own.
    numbers.kept = true;
    return numbers;
  });
}
