import { withObjective, withSharedRandomness } from '@tfjs-sam/core';
import type { Manner } from './protocol.js';

/** Evaluates a loss as another thread would. */
export const inManner = <T>({ objective, draws }: Manner, loss: () => T): T =>
  withSharedRandomness(draws, () => withObjective(objective, loss));
