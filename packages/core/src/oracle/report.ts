import * as tf from '@tensorflow/tfjs-core';
import { materialise, type Perturbation } from '../algebra/perturbation.js';
import { dot, norm } from '../algebra/vector.js';
import type { Evaluation } from './oracle.js';

/** What a step looked like. A number that the step did not compute is NaN. */
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
  /** Whether the step was a sharpness-aware one: false where a rule left it to the base optimizer. */
  readonly isActive: boolean;
}

/** Hears of steps, some time after they happened. */
export type StepListener = (report: StepReport) => void;

/** What an oracle remembers of a step for its report. */
export interface StepRecord {
  /** The first evaluation. */
  first?: Evaluation & { readonly descent: boolean };
  /** The first evaluation away from θ after that, and where it was. */
  perturbed?: Evaluation & { readonly perturbation: Perturbation };
}

/**
 * Computes the report on the device and hands it to the listeners when its numbers have arrived: the step does
 * not wait for them.
 */
export function reportStep(
  step: number,
  { first, perturbed }: StepRecord,
  listeners: readonly StepListener[],
  active: boolean | tf.Tensor = true,
): void {
  const numbers = tf.tidy(() => {
    const missing = tf.scalar(Number.NaN);
    const loss = first?.descent ? first.loss : missing;
    const perturbedLoss = perturbed?.loss ?? missing;
    const gradientNorm = first ? norm(first.gradient) : missing;
    const cosine =
      first && perturbed
        ? tf.divNoNan(dot(first.gradient, perturbed.gradient), tf.mul(gradientNorm, norm(perturbed.gradient)))
        : missing;
    const perturbationNorm = perturbed ? norm(materialise(perturbed.perturbation)) : missing;
    const isActive = typeof active === 'boolean' ? tf.scalar(Number(active)) : tf.cast(active, 'float32');
    return tf.keep(tf.stack([loss, perturbedLoss, gradientNorm, perturbationNorm, cosine, isActive]));
  });
  void numbers
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
      for (const listener of listeners) listener(report);
    })
    .finally(() => numbers.dispose());
}
