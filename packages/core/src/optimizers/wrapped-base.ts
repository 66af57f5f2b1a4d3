import { anyOptimizer, type ConfigOf } from '../declare/option.js';
import type { AnyOptimizerConfig } from '../kinds.js';

/** Options of every wrapper. */
export const wrappedBase = { base: anyOptimizer({ doc: 'The optimizer that is wrapped' }) };

/** Looked up late: the configuration of an optimizer may hold another's. */
interface Wrapper {
  readonly base: AnyOptimizerConfig;
}

/** A wrapper's options in plain JSON. */
export type WrapperConfig<D> = ConfigOf<D> & Wrapper;
