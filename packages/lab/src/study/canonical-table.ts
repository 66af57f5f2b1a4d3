import type { StudyResults, TrialResult } from '../results.js';
import { canonical } from './paths.js';

/** A trial without what depends on when, where and how often it ran. */
function timeless(trial: TrialResult): object {
  const { attempts: _, stepTimes: __, epochs, ...rest } = trial;
  return { ...rest, epochs: epochs.map(({ seconds: ___, stepMs: ____, ...record }) => record) };
}

/**
 * All numbers of a study but times, one line a trial, in an order of its own: equal, byte for byte, however the study
 * was run.
 */
export function canonicalTable({ trials }: Pick<StudyResults, 'trials'>): string {
  return `${trials
    .map((trial) => canonical(timeless(trial)))
    .sort()
    .join('\n')}\n`;
}
