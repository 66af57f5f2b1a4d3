import type { Estimate, Subject } from '@tfjs-sam/sharpness';
import type { Measured } from '../results.js';
import type { Problem, Split } from '../trial/task.js';

/** An estimate as results keep it: with its error, and with the reason where it is not to be believed. */
export function measuredOf({ value, standardError, reliable, reason }: Estimate): Measured {
  const finite = Number.isFinite(value);
  const known = standardError !== undefined && Number.isFinite(standardError);
  return {
    value: finite ? value : null,
    ...(known && { error: standardError }),
    ...((!reliable || !finite) && { unreliable: reason ?? 'not finite' }),
  };
}

/** The subject of a measure. */
export interface Looked {
  readonly split: Split;
  readonly examples: number;
  readonly batchSize: number;
}

/** Losses of a trained model's batches: in two parts where there is a network. */
export function subjectsOf(problem: Problem, { split, ...sizes }: Looked): Subject[] {
  const subjects =
    problem
      .pieces?.(split, sizes)
      .map(({ parts, size }) => ({ parts, loss: () => parts.lossOf(parts.outputs()), weight: size })) ??
    problem.losses(split, sizes).map((loss) => ({ loss: () => loss() as ReturnType<Subject['loss']> }));
  if (subjects.length > 0) return subjects;
  throw new Error(`expected examples in the ${split} split for this measure, got none`);
}
